-- Text as search compares it: small letters, Arabic digits, Thai vowels and tone marks in the one
-- order they can be typed in several of, one space between words, nothing that cannot be seen.
-- In indexes, so every name in it is qualified; whoever changes it has them made anew. Plain
-- replacements, because regular expressions took twenty times as long on Thai.
-- from: any text -> the same text however it was typed
CREATE OR REPLACE FUNCTION muang.search_text(written text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    said text := pg_catalog.lower(
        pg_catalog.translate(
            pg_catalog.normalize(written, 'NFC'),
            -- digits and kinds of space; the last six cannot be seen and are dropped
            U&'\0E50\0E51\0E52\0E53\0E54\0E55\0E56\0E57\0E58\0E59\00A0\0009\000A\000D\200B\200C\200D\2060\FEFF\00AD',
            '0123456789    '
        )
    );
BEGIN
    IF pg_catalog.strpos(said, U&'\0E4D') > 0 THEN
        -- nikhahit, a tone mark on either side of it, and aa are sara am
        said := pg_catalog.replace(said, U&'\0E4D\0E48\0E32', U&'\0E48\0E33');
        said := pg_catalog.replace(said, U&'\0E48\0E4D\0E32', U&'\0E48\0E33');
        said := pg_catalog.replace(said, U&'\0E4D\0E49\0E32', U&'\0E49\0E33');
        said := pg_catalog.replace(said, U&'\0E49\0E4D\0E32', U&'\0E49\0E33');
        said := pg_catalog.replace(said, U&'\0E4D\0E4A\0E32', U&'\0E4A\0E33');
        said := pg_catalog.replace(said, U&'\0E4A\0E4D\0E32', U&'\0E4A\0E33');
        said := pg_catalog.replace(said, U&'\0E4D\0E4B\0E32', U&'\0E4B\0E33');
        said := pg_catalog.replace(said, U&'\0E4B\0E4D\0E32', U&'\0E4B\0E33');
        said := pg_catalog.replace(said, U&'\0E4D\0E32', U&'\0E33');
    END IF;
    -- sara e twice is sara ae
    said := pg_catalog.replace(said, U&'\0E40\0E40', U&'\0E41');
    WHILE pg_catalog.strpos(said, '  ') > 0 LOOP
        said := pg_catalog.replace(said, '  ', ' ');
    END LOOP;
    RETURN pg_catalog.btrim(said);
END;
$$;
