#!/usr/bin/env python3
"""Turn the word lists of core/data into C tables: numbers and one string pool, no pointers.

usage: gen_tables.py DATA_DIR OUTPUT.h OUTPUT.d

Reads languages.txt, letters.txt and words/TAG.txt (see core/data/README.md), checks them and writes
one hash table of all words: a slot leads to an entry, and that to a word of the pool and its senses,
one sense a language.
"""
import math
import os
import re
import sys
import unicodedata

from form_hash import form_hash

CLASSES = ["function", "starter", "title", "abbreviation", "final", "number", "month", "ordinal-noun",
           "ending", "capital", "inner", "proper", "calendar", "vague", "common", "attribute"]
SCRIPTS = ["latin", "cyrillic", "greek", "armenian", "hebrew", "arabic", "devanagari", "bengali", "tamil",
           "telugu", "thai", "myanmar", "ethiopic", "georgian", "hangul", "kana", "han"]
PROPERTIES = ["ordinal", "nouns", "colon", "question", "syllables", "clauses", "speech",
              "colon-capital", "endings", "phrases", "linked", "compounds", "umlauts", "attributes"]
# Numbered like enum word_class in language.h.
SPOKEN = 1 << CLASSES.index("function") | 1 << CLASSES.index("starter")
STARTER = 1 << CLASSES.index("starter")
CAPITAL = 1 << CLASSES.index("capital")
VAGUE = 1 << CLASSES.index("calendar") | 1 << CLASSES.index("vague")
COMMON = 1 << CLASSES.index("common")
ENDING = 1 << CLASSES.index("ending")


# What a word adds to a language's score in detection. A function word that is one of the commonest of a
# language says more for it than for another: "le" is French rather than Spanish. The more languages have a
# word, the less it says.
WORD_POINTS, ENDING_POINTS = 120, 40
VAGUE_SHARE, SHARE, COMMON_SHARE = 1, 2, 4


def share_of(classes):
    if classes & SPOKEN:
        return COMMON_SHARE if classes & COMMON else SHARE
    return SHARE if classes & ENDING else VAGUE_SHARE if classes & VAGUE else 0


def points_of(word, senses):
    """One number for each sense."""
    shares = [share_of(classes) for _, classes in senses]
    points = ENDING_POINTS if word.startswith("-") else WORD_POINTS
    most = max(shares + [SHARE])
    return [round(points * share / math.sqrt(most * max(most, sum(shares)))) for share in shares]


def die(path, number, message):
    sys.exit("%s:%d: %s" % (path, number, message))


read = []  # every file that the tables depend on


def lines(path):
    """(number, text) of each line that is not a comment or blank."""
    read.append(path)
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                if unicodedata.normalize("NFC", line) != line:
                    die(path, number, "not in Unicode form NFC")
                yield number, line


FILTER_BITS = 2  # per slot of the table
STARTER_FILTER_LOG2 = 11  # of the number of bits per language
ENDING_FILTER_LOG2 = 14


def filter_bit(key, log2):
    """Like filter_bit() in language.c."""
    return (key * 2654435761 & 0xFFFFFFFF) >> 32 - log2


def ending_bits(words):
    """The filter of the last three bytes of listed endings: "-" and letters."""
    bits = [0] * ((1 << ENDING_FILTER_LOG2) // 64)
    for word in words:
        if word.startswith("-") and len(word) > 3:
            bit = filter_bit(int.from_bytes(word.encode()[-3:], "little"), ENDING_FILTER_LOG2)
            bits[bit // 64] |= 1 << bit % 64
    return bits


def starter_bits(words):
    """The bits of language_may_start(): starters that begin with at least two letters a to z."""
    bits = [0] * ((1 << STARTER_FILTER_LOG2) // 64)
    for word, classes in words.items():
        letters = len(re.match("[a-z]*", word)[0])
        if letters < 2 or not classes & STARTER or classes & CAPITAL:
            continue
        key = ord(word[0]) | ord(word[1]) << 8 | min(letters, 16) << 16
        bit = filter_bit(key, STARTER_FILTER_LOG2)
        bits[bit // 64] |= 1 << bit % 64
    return bits


def read_languages(path):
    languages = [("und", "-", "latin", True, 0, [])]
    for number, line in lines(path):
        fields = line.split()
        if len(fields) != 5:
            die(path, number, "want: tag stemmer script properties aliases")
        tag, stemmer, script, properties, aliases = fields
        if script not in SCRIPTS:
            die(path, number, "unknown script " + script)
        names = [] if properties == "-" else properties.split(",")
        spaced = "unspaced" not in names
        for name in names:
            if name not in PROPERTIES and name != "unspaced":
                die(path, number, "unknown property " + name)
        bits = sum(1 << PROPERTIES.index(name) for name in names if name != "unspaced")
        languages.append((tag, stemmer, script, spaced, bits, [] if aliases == "-" else aliases.split(",")))
    if len({l[0] for l in languages}) != len(languages):
        die(path, 0, "a tag stands twice")
    return languages


def read_words(path):
    words = {}
    for number, line in lines(path):
        word, *classes = line.split()
        if word != word.lower():
            die(path, number, word + " is not in lower case")
        if word in words:
            die(path, number, word + " stands twice")
        if not classes or any(name not in CLASSES for name in classes):
            die(path, number, "classes are: " + " ".join(CLASSES))
        key = word.encode()
        if len(key) > 40:
            die(path, number, "longer than 40 bytes")
        words[word] = sum(1 << CLASSES.index(name) for name in classes)
    return words


def read_letters(path, index):
    rows = []
    for number, line in lines(path):
        letters, *tags = line.split()
        for tag in tags:
            if tag not in index:
                die(path, number, "unknown language " + tag)
        mask = sum(1 << index[tag] for tag in set(tags))
        rows += [(ord(letter), mask) for letter in letters]
    rows.sort()
    if len({row[0] for row in rows}) != len(rows):
        die(path, 0, "a letter stands twice")
    return rows


def main():
    data, output, depfile = sys.argv[1:]
    languages = read_languages(os.path.join(data, "languages.txt"))
    if len(languages) > 64:
        sys.exit("more than 64 languages do not fit the masks of letters.txt")
    index = {language[0]: i for i, language in enumerate(languages)}
    senses, starters = {}, []
    for tag in index:
        words = read_words(os.path.join(data, "words", tag + ".txt"))
        starters.append(starter_bits(words))
        for word, classes in words.items():
            senses.setdefault(word, []).append((index[tag], classes))
    letters = read_letters(os.path.join(data, "letters.txt"), index)

    pool, rows, entries, slots = bytearray(), [], [], 1
    while slots < 2 * len(senses):
        slots *= 2
    table = [0] * slots
    seen = [0] * (slots * FILTER_BITS // 64)
    for word in sorted(senses):
        key = word.encode()
        bit = form_hash(key) & slots * FILTER_BITS - 1
        seen[bit // 64] |= 1 << bit % 64
        at = form_hash(key) & slots - 1
        while table[at]:
            at = at + 1 & slots - 1
        entries.append((len(pool), len(key), len(rows), len(senses[word])))
        table[at] = len(entries)
        pool += key
        points = points_of(word, senses[word])
        rows += [(language, points[i], classes) for i, (language, classes) in enumerate(senses[word])]
    if max(len(entries), len(rows)) > 0xFFFF:
        sys.exit("more words than 16 bits count")

    with open(output, "w", encoding="utf-8") as out:
        def put(text=""):
            out.write(text + "\n")

        def put_rows(name, rows, form):
            put("static const %s[] = {" % name)
            for i in range(0, len(rows), 8):
                put("\t" + " ".join(form % row for row in rows[i:i + 8]))
            put("};")

        put("/* Made by core/tools/gen_tables.py from core/data; do not edit. */")
        put("static const struct language languages[] = {")
        for i, (tag, stemmer, script, spaced, bits, _) in enumerate(languages):
            stem = "NULL" if stemmer == "-" else '"%s"' % stemmer
            put('\t{"%s", %s, %s, %d, %d},' % (tag, stem, "true" if spaced else "false", i, bits))
        put("};")
        put("static const unsigned char language_scripts[] = {%s};" % ", ".join(
            "SCRIPT_" + language[2].upper() for language in languages))
        aliases = [(alias, i) for i, language in enumerate(languages) for alias in language[5]]
        put("static const struct {\n\tchar tag[4];\n\tunsigned char language;\n} language_aliases[] = {")
        for alias in sorted(aliases):
            put('\t{"%s", %d},' % alias)
        put("};")
        put_rows("unsigned char word_pool", [(byte,) for byte in pool], "%d,")
        put_rows("struct word_entry word_entries", entries, "{%d, %d, %d, %d},")
        put_rows("uint16_t word_slots", [(entry,) for entry in table], "%d,")
        put_rows("uint64_t word_filter", [(bits,) for bits in seen], "%#xu,")
        put("enum { WORD_POINTS = %d };" % WORD_POINTS)
        put("enum { STARTER_FILTER_LOG2 = %d, ENDING_FILTER_LOG2 = %d };" %
            (STARTER_FILTER_LOG2, ENDING_FILTER_LOG2))
        put_rows("uint64_t ending_filter", [(bits,) for bits in ending_bits(senses)], "%#xu,")
        put("static const uint64_t starter_filter[][%d] = {" % len(starters[0]))
        for bits in starters:
            put("\t{%s}," % ", ".join("%#xu" % b for b in bits))
        put("};")
        put_rows("struct word_sense word_senses", rows, "{%d, %d, %d},")
        put_rows("struct letter_hint letter_hints", letters, "{%d, %#xu},")
    with open(depfile, "w", encoding="utf-8") as out:
        out.write("%s: %s\n" % (os.path.basename(output), " ".join(read + [__file__, form_hash.__code__.co_filename])))


main()
