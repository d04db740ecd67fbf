-- Text as search compares it: small letters, Arabic digits, nothing that cannot be seen; nikhahit
-- with aa and a tone mark on either side is sara am, sara e twice is sara ae; runs of up to eight
-- spaces are one. Plain replacements that use the argument once, so that the planner puts the body
-- in place of the call: regular expressions took many times as long.
-- from: any text -> the same text however it was typed
CREATE OR REPLACE FUNCTION muang.search_text(written text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_catalog.btrim(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
        pg_catalog.replace(
        pg_catalog.replace(
        pg_catalog.replace(
        pg_catalog.replace(
        pg_catalog.replace(
        pg_catalog.replace(
        pg_catalog.replace(
        pg_catalog.replace(
        pg_catalog.replace(
        pg_catalog.translate(
            pg_catalog.lower(pg_catalog.normalize(written, 'NFC')),
            -- digits and kinds of space; the last six cannot be seen and are dropped
            U&'\0E50\0E51\0E52\0E53\0E54\0E55\0E56\0E57\0E58\0E59\00A0\0009\000A\000D\200B\200C\200D\2060\FEFF\00AD',
            '0123456789    '
        ), U&'\0E4D\0E48\0E32', U&'\0E48\0E33'), U&'\0E48\0E4D\0E32', U&'\0E48\0E33'), U&'\0E4D\0E49\0E32', U&'\0E49\0E33'), U&'\0E49\0E4D\0E32', U&'\0E49\0E33'), U&'\0E4D\0E4A\0E32', U&'\0E4A\0E33'), U&'\0E4A\0E4D\0E32', U&'\0E4A\0E33'), U&'\0E4D\0E4B\0E32', U&'\0E4B\0E33'), U&'\0E4B\0E4D\0E32', U&'\0E4B\0E33'), U&'\0E4D\0E32', U&'\0E33'), U&'\0E40\0E40', U&'\0E41'), '    ', ' '), '  ', ' '), '  ', ' '));
$$;
