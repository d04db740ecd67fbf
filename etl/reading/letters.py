"""Which encoding bytes of text are in, judged by the bytes themselves, with a confidence.

Thai in CP874 (TIS-620, ISO 8859-11) is told from other single-byte text by its spelling: vowels
and tone marks stand on a consonant, and letters come in runs, whereas the accented letters of
Latin text stand alone between plain ones. Pure; nothing here opens a file.
"""

import codecs
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SURE = 0.8
"""Confidence from which a guess is used without asking."""

_HIGH = re.compile(rb"[\x80-\xff]+")
_PUNCTUATION = re.compile(rb"[\x80\x85\x91-\x97\xa0]+")
_THAI_RUN = re.compile(
    rb"(?:[\xe0-\xe4]?[\xa1-\xce][\xd1\xd4-\xda\xe7-\xee]{0,3}[\xd0\xd2\xd3\xe5]{0,2}"
    rb"|[\xcf\xdf\xe6\xef\xfa\xfb]|[\xf0-\xf9]+)+"
)
_MARK = re.compile(rb"[\xd0-\xda\xe0-\xe5\xe7-\xee]")
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
_UTF8_THAI = re.compile(rb"(?:\xe0[\xb8\xb9][\x80-\xbf])")
_THAI_SIGN = re.compile("[\u0e00-\u0e7f]")
_LATIN_SIGN = re.compile("[\u0080-\u00ff]")
_CP1252 = {
    ord(bytes([n]).decode("cp1252")): n
    for n in range(0x80, 0xA0)
    if n not in b"\x81\x8d\x8f\x90\x9d"
}
_FEW = 3
_MARKS_SHARE = 0.25
_TAIL = 3


@dataclass(frozen=True)
class Guess:
    """A codec Python knows, how sure we are of it (0 to 1), and why (English)."""

    encoding: str | None
    confidence: float
    why: str


@dataclass(frozen=True)
class Thai:
    """How much bytes look like Thai in CP874: 0 to 1, out of how many non-ASCII bytes."""

    confidence: float
    share: float
    high: int


def codec(word: str) -> str | None:
    """The Python codec for what a .cpg, a DBF byte or a person calls an encoding."""
    plain = word.strip().strip('"').lower().replace("_", "-").replace(" ", "-")
    plain = re.sub(r"^(ansi|oem|windows|cp|win|ibm|ms|ldid)[-/]?(?=\d)", "", plain)
    known = _SPOKEN.get(plain)
    if known is not None:
        return known
    for name in (f"cp{plain}" if plain.isdigit() else plain, word.strip()):
        try:
            found = codecs.lookup(name)
        except (LookupError, ValueError):
            continue
        # hex, zip and the like are codecs too, but not of text
        return found.name if found._is_text_encoding else None  # noqa: SLF001
    return None


_SPOKEN = {
    "874": "cp874",
    "885911": "iso8859-11",
    "8859-11": "iso8859-11",
    "tis620": "cp874",
    "tis-620": "cp874",
    "thai": "cp874",
    "65001": "utf-8",
    "utf8": "utf-8",
    "88591": "iso8859-1",
    "88592": "iso8859-2",
    "885915": "iso8859-15",
    "8859-1": "iso8859-1",
    "big5": "big5",
    "big-5": "big5",
    "936": "gbk",
    "949": "cp949",
    "950": "cp950",
    "932": "cp932",
    "euckr": "euc-kr",
    "shiftjis": "shift_jis",
    "koi8r": "koi8-r",
    "latin2": "iso8859-2",
    "utf16": "utf-16-le",
}


def thai(samples: Iterable[bytes]) -> Thai:
    """How sure it is that single-byte text is Thai."""
    good = marks = high = 0
    for sample in samples:
        for found in _HIGH.finditer(sample):
            run = _PUNCTUATION.sub(b"", found.group())
            high += len(run)
            if (len(run) > 1 or _apart(sample, found)) and _THAI_RUN.fullmatch(run):
                good += len(run)
                marks += len(_MARK.findall(run))
            elif len(run) > _TAIL and _THAI_RUN.fullmatch(run[:-1]):
                # a field cut off after a leading vowel
                good += len(run) - 1
                marks += len(_MARK.findall(run))
    if not high:
        return Thai(0.0, 0.0, 0)
    share = good / high
    # a third to a half of Thai letters are vowels and tone marks; Chinese bytes have fewer
    spelling = min(1.0, marks / max(1, good) / _MARKS_SHARE)
    return Thai(round(share * spelling * (1 - 0.5**marks), 3), share, high)


def _apart(sample: bytes, run: "re.Match[bytes]") -> bool:
    """Whether a run has no Latin letter beside it."""
    beside = sample[: run.start()][-1:] + sample[run.end() :][:1]
    return not _ASCII_LETTER.search(beside)


def is_utf8(sample: bytes) -> bool:
    """Whether bytes are UTF-8, but for a last character that may be cut off."""
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.end == len(sample) and error.reason == "unexpected end of data"
    return True


def cut_short(sample: bytes) -> bool:
    """Whether UTF-8 text ends in the middle of a character."""
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.end == len(sample) and error.reason == "unexpected end of data"
    return False


def guess(samples: Sequence[bytes]) -> Guess:
    """The encoding of samples of text (cells, lines), from their bytes alone."""
    high = [sample for sample in samples if not sample.isascii()]
    if not high:
        return Guess("utf-8", 1.0, "every byte is ASCII")
    count = sum(len(_HIGH.findall(sample)) for sample in high)
    if all(is_utf8(sample) for sample in high):
        letters = sum(
            len(sample.decode("utf-8", errors="ignore")) - _ascii(sample) for sample in high
        )
        return Guess(
            "utf-8",
            round(1 - 0.5 ** (2 * max(1, letters)), 3),
            f"all {letters:,} non-ASCII characters are valid UTF-8",
        )
    found = thai(high)
    told = f"{found.share:.0%} of {found.high:,} non-ASCII bytes are well-spelt Thai in CP874"
    if found.confidence > 0.5:  # noqa: PLR2004  more likely than not
        return Guess("cp874", found.confidence, told)
    return _other(high, count, told)


def _ascii(sample: bytes) -> int:
    return sum(byte < 0x80 for byte in sample)  # noqa: PLR2004


def _other(high: Sequence[bytes], count: int, told: str) -> Guess:
    alone = sum(_stands_alone(sample) for sample in high)
    if alone >= 0.6 * count:
        share = alone / count
        return Guess(
            "cp1252",
            round(0.65 * share, 3),
            f"{share:.0%} of {count:,} runs of non-ASCII bytes are single letters among Latin ones",
        )
    for name in ("shift_jis", "euc-jp", "gbk", "big5", "euc-kr"):
        try:
            for sample in high:
                sample.decode(name)
        except UnicodeDecodeError:
            continue
        return Guess(name, 0.3, f"possible, among others; {told}")
    return Guess(None, 0.0, told)


def _stands_alone(sample: bytes) -> int:
    """Runs of one or two high bytes that touch a Latin letter."""
    found = 0
    for match in _HIGH.finditer(sample):
        before, after = sample[: match.start()][-1:], sample[match.end() :][:1]
        if len(match.group()) < _FEW and (
            _ASCII_LETTER.match(before) or _ASCII_LETTER.match(after)
        ):
            found += 1
    return found


def as_bytes(text: str) -> bytes | None:
    """The bytes a text was before somebody read them as Latin; None when it was not."""
    made = bytearray()
    for sign in text:
        number = ord(sign)
        if number > 0xFF:  # noqa: PLR2004
            number = _CP1252.get(number, -1)
        if number < 0:
            return None
        made.append(number)
    return bytes(made)


@dataclass(frozen=True)
class Mojibake:
    """Thai that somebody read as Latin: what it was written in, how sure, and an example."""

    encoding: str
    confidence: float
    texts: int
    example: str
    meant: str


def mojibake(texts: Iterable[str]) -> Mojibake | None:
    """Whether these texts are Thai read as Latin (µÓºÅ for ตำบล), by the ratio of the two.

    None when they are not, or when there is too little to tell.
    """
    suspects: list[bytes] = []
    example = ""
    thai_signs = latin_signs = 0
    for text in texts:
        thai_signs += len(_THAI_SIGN.findall(text))
        found = len(_LATIN_SIGN.findall(text))
        latin_signs += found
        if found < 2:  # noqa: PLR2004  a word of Thai has more letters
            continue
        made = as_bytes(text)
        if made is not None:
            suspects.append(made)
            example = example or text
    if not suspects or latin_signs <= thai_signs:
        return None
    doubled = sum(len(_UTF8_THAI.findall(made)) * 3 for made in suspects)
    high = sum(len(run) for made in suspects for run in _HIGH.findall(made))
    name, sure = "utf-8", round(doubled / max(1, high) * (1 - 0.5 ** (doubled / 3)), 3)
    if sure < SURE:
        name, sure = "cp874", thai(suspects).confidence
    if sure < SURE:
        return None
    meant = (as_bytes(example) or b"").decode(name, errors="replace")
    return Mojibake(name, sure, len(suspects), example[:60], meant[:60])


def mend(text: str | None, encoding: str) -> str | None:
    """Text that was read as Latin, read anew; as it is where that does not work out."""
    if text is None or text.isascii():
        return text
    made = as_bytes(text)
    if made is None:
        return text
    try:
        return made.decode(encoding)
    except UnicodeDecodeError:
        return text
