-- Text as search compares it: small letters, Arabic digits, Thai vowels and tone marks in the one
-- order they can be typed in several of, one space between words, nothing that cannot be seen.
-- In indexes, so every name in it is qualified; whoever changes it has them made anew.
-- from: any text -> the same text however it was typed
CREATE OR REPLACE FUNCTION muang.search_text(written text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT pg_catalog.btrim(
        pg_catalog.regexp_replace(
            pg_catalog.regexp_replace(
                pg_catalog.regexp_replace(
                    pg_catalog.lower(
                        pg_catalog.translate(
                            pg_catalog.normalize(written, 'NFC'),
                            U&'\0E50\0E51\0E52\0E53\0E54\0E55\0E56\0E57\0E58\0E59\200B\200C\200D\2060\FEFF\00AD',
                            '0123456789'
                        )
                    ),
                    -- nikhahit, a tone mark on either side of it, and aa are sara am
                    U&'\0E4D([\0E48-\0E4B]?)\0E32|([\0E48-\0E4B])\0E4D\0E32', U&'\\1\\2\0E33', 'g'
                ),
                -- sara e twice is sara ae
                U&'\0E40\0E40', U&'\0E41', 'g'
            ),
            U&'[[:space:]\00A0]+', ' ', 'g'
        )
    );
$$;
