"""Thai text as files have it to one spelling: marks in order, no invisible signs, Arabic digits.

Unicode's own forms do not help: NFC and NFKC keep `น้ำ` typed as consonant, nikhahit, tone, aa
apart from the usual consonant, tone, sara am. Nothing here changes what a reader sees.
"""

import re
import unicodedata

_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")

_VOWELS = "\u0e31\u0e34-\u0e3a\u0e47"
_NIKHAHIT = "\u0e4d"
_TONES = "\u0e48-\u0e4b"
_OVER = "\u0e4c\u0e4e"
_MARKS = f"{_VOWELS}{_TONES}{_OVER}{_NIKHAHIT}"
_AA, _AM = "\u0e32", "\u0e33"
_RUN = re.compile(f"([{_MARKS}]*)(?:{_AM}([{_MARKS}]*)|{_AA}|(?<=[{_MARKS}]))")
_SARA_E_TWICE = re.compile("\u0e40\u0e40")
_ORDER = dict.fromkeys("ัิีึืฺุู็", 0) | {_NIKHAHIT: 1}
_THAI = "\u0e00-\u0e7f"
# blanks of every width; line ends and tabs are blanks to whoever fills a form
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\t\x0b\x0c\x85]")
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
    # joiners belong to emoji and to other scripts; beside a Thai letter they are typing residue
    f"|(?<=[{_THAI}])[\u200c\u200d]|[\u200c\u200d](?=[{_THAI}])"
)
TROUBLE = (
    f"[^ -~\u0e01-\u0e3a\u0e40-\u0e5b]|[{_TONES}{_OVER}][{_MARKS}]|[{_VOWELS}][{_VOWELS}]"
    f"|{_NIKHAHIT}|{_AM}[{_MARKS}]|\u0e40\u0e40"
)
"""Where `normal` may have more to do than trim; for Python's and for Arrow's expressions."""
_TROUBLE = re.compile(TROUBLE)


def arabic(text: str) -> str:
    """Thai digits as Arabic ones."""
    return text.translate(_DIGITS)


def normal(text: str) -> str:
    """One spelling of a text, trimmed: blanks, invisible signs, the order of Thai marks, NFC.

    Doing it twice changes nothing more. Digits and everything else that is seen stay.
    """
    if not _TROUBLE.search(text):
        return text.strip()
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", _BLANKS.sub(" ", text)))
    if re.search(f"[{_MARKS}{_AM}\u0e40]", text):
        text = _SARA_E_TWICE.sub("\u0e41", _RUN.sub(_in_order, text))
    return unicodedata.normalize("NFC", text).strip()


def _in_order(match: re.Match[str]) -> str:
    """One run of marks: vowel, nikhahit, tone; each once; nikhahit and aa become sara am."""
    whole = match[0]
    before, after = match[1], match[2] or ""
    marks = sorted(before + after, key=lambda sign: _ORDER.get(sign, 2))
    marks = [sign for at, sign in enumerate(marks) if at == 0 or marks[at - 1] != sign]
    if _AM in whole:
        return "".join(sign for sign in marks if sign != _NIKHAHIT) + _AM
    if whole.endswith(_AA):
        if _NIKHAHIT in marks:
            return "".join(sign for sign in marks if sign != _NIKHAHIT) + _AM
        return "".join(marks) + _AA
    return "".join(marks)
