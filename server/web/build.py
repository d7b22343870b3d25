"""Make the web assets: build.py OUTPUT.h SOURCE_FOLDER VERSION

Reads button.js, words.txt, index.html, page.css, page.js and openapi.json; writes a C table of
every file that is served, plain and gzipped, with its ETag and how long it may be kept. Prints the
button's size and its hash for Subresource Integrity. Works offline; the same input gives the same
output."""

import base64
import gzip
import hashlib
import json
import re
import sys
from pathlib import Path

BUTTON_MAX_BYTES = 8 * 1024  # gzipped

# The tokens of JavaScript, as far as white space and comments matter. In our sources, a slash that
# begins a regular expression always follows an operator or an opening bracket.
TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)
      | (?P<text>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`
        | (?<=[(,=:?&|!])\ ?/(?![*/ ])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*)
      | (?P<space>\s+)
      | (?P<word>[\w$#]+)
      | (?P<sign>.)""", re.VERBOSE | re.DOTALL)
STYLE = re.compile(r"\{\s")  # a style sheet; templates with a value in them have no space there
MANY_SPACES = re.compile(r"\s+")
DECLARED = re.compile(r"\b(?:const|let|class)\s+([A-Za-z_]\w*)|\b([A-Za-z_]\w*)\s*=>|[(]([\w, ]*)[)]\s*(?:=>|\{)"
                      r"|(#[A-Za-z_]\w*)")
WORD = re.compile(r"#?[A-Za-z_$][\w$]*")


def short_names(taken):
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for first in [""] + list(letters):
        for last in letters:
            if first + last not in taken | {"do", "if", "in", "of", "as"}:
                yield first + last


def renamed(tokens):
    """`tokens` (kind, text) with shorter names for private members and for names declared here.

    Each name gets the same new name everywhere, so scopes do not matter. Names that may mean
    something else, too, are left alone: after a dot, before a colon, in braces where they may be
    property and variable at once, or in a template."""
    code = [(kind, text) for kind, text in tokens if kind in ("word", "sign", "text")]
    source = "".join(text if kind in ("word", "sign") else " " for kind, text in tokens)
    names = {name.strip() for groups in DECLARED.findall(source) for group in groups
             for name in group.split(",") if WORD.fullmatch(name.strip())}
    depth, public = [], set()
    for i, (kind, text) in enumerate(code):
        before = code[i - 1][1] if i else ""
        after = code[i + 1][1] if i + 1 < len(code) else ""
        if kind == "text" and text.startswith("`"):
            public |= set(WORD.findall(text))
        elif text in ("(", "[", "{"):
            depth.append(text)
        elif text in (")", "]", "}"):
            depth.pop()
        elif kind == "word" and not text.startswith("#"):
            spread = before == "." and i > 2 and code[i - 2][1] == code[i - 3][1] == "."
            if before == "." and not spread or after == ":" and before in "{,":
                public.add(text)
            elif depth and depth[-1] == "{" and (before in "{," and after in ",}=" or
                                                 after == "(" and before in ";}{"):
                public.add(text)
    taken = {text for kind, text in code if kind == "word"} | public
    chosen = sorted(names - public - {"async", "static", "this", "if", "for", "while", "catch"},
                    key=lambda name: (-sum(text == name for _, text in code), name))
    new = dict(zip(chosen, short_names(taken)))
    short = {old: "#" + name if old.startswith("#") else name for old, name in new.items()}
    return [(kind, short.get(text, text) if kind == "word" else text) for kind, text in tokens]


def shrink_script(source):
    """The script without comments and needless white space, its own names shortened. A line end
    stays wherever a statement could end, so that the source's missing semicolons are not needed."""
    out = []
    gap = ""
    for kind, text in renamed([(token.lastgroup, token.group()) for token in TOKEN.finditer(source)]):
        if kind == "comment":
            gap = gap or " "
        elif kind == "space":
            gap = "\n" if "\n" in text or gap == "\n" else " "
        else:
            text = text.strip(" ") if kind == "text" else text
            # A closing bracket ends these anyway; our sources have no empty statements or holes.
            if out and (text == "}" and out[-1] in ";," or text in "])" and out[-1] == ","):
                out.pop()
            if out and gap and needs_gap(out[-1], text, gap):
                out.append(gap)
            out.append(shrink_style(text) if kind == "text" and text.startswith("`") and STYLE.search(text) else text)
            gap = ""
    return "".join(out)


def needs_gap(before, after, gap):
    last, first = before[-1], after[0]
    if re.match(r"[\w$#]", last) and re.match(r"[\w$#]", first):
        return True
    if last + first in ("++", "--"):
        return True
    if gap != "\n" or last in ";{,([=:?&|+-*<>!" or first in ")]}.,;:?&|=+*<>":
        return False
    return not (last == "}" and first == "}")


def shrink_style(source):
    """A style sheet (or a template that holds one) without comments and needless white space."""
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    source = MANY_SPACES.sub(" ", source)
    return re.sub(r"\s*([{};,])\s*", r"\1", source).replace(": ", ":").replace(";}", "}").strip()


def shrink_page(source):
    """HTML without indentation."""
    return re.sub(r"\n\s+", "\n", re.sub(r"<!--.*?-->", "", source, flags=re.DOTALL)).strip() + "\n"


def words(source):
    lines = [line for line in source.splitlines() if line and not line.startswith("#")]
    if any(len(line.split("|")) != len(lines[0].split("|")) for line in lines):
        sys.exit("words.txt: every line needs the same words")
    if any(c in line for line in lines for c in "`\\$'"):
        sys.exit("words.txt: no ` \\ $ or straight ' in it")
    return "\n".join(lines)


def digest(data, length=16):
    return hashlib.sha256(data).hexdigest()[:length]


def integrity(data):
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


def array(name, data):
    rows = (", ".join(str(b) for b in data[i:i + 24]) for i in range(0, len(data), 24))
    return f"static const unsigned char {name}[] = {{\n\t" + ",\n\t".join(rows) + "\n};\n"


def main():
    output, folder, version = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    read = lambda name: (folder / name).read_text(encoding="utf-8")

    button = shrink_script(read("button.js"))
    button = button.replace("'@WORDS@'", "`" + words(read("words.txt")) + "`").encode()
    style = shrink_style(read("page.css")).encode()
    script = shrink_script(read("page.js")).encode()
    names = {"@BUTTON@": f"button-{digest(button)}.js", "@STYLE@": f"page-{digest(style)}.css",
             "@SCRIPT@": f"page-{digest(script)}.js", "@INTEGRITY@": integrity(button)}
    page = shrink_page(read("index.html"))
    for mark, name in names.items():
        page = page.replace(mark, name)

    api = json.loads(read("openapi.json").replace("@VERSION@", version))
    api = json.dumps(api, ensure_ascii=False, separators=(",", ":")).encode()

    javascript, css = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
    assets = [  # path, type, bytes, keeping, may other origins load it
        ("/", "text/html; charset=utf-8", page.encode(), "ASSET_CHECKED", "false"),
        ("/openapi.json", "application/json", api, "ASSET_CHECKED", "true"),
        ("/button.js", javascript, button, "ASSET_HOUR", "true"),
        ("/" + names["@BUTTON@"], javascript, button, "ASSET_FOREVER", "true"),
        ("/" + names["@STYLE@"], css, style, "ASSET_FOREVER", "false"),
        ("/" + names["@SCRIPT@"], javascript, script, "ASSET_FOREVER", "false"),
    ]
    arrays, rows, made = [], [], {}
    for path, kind, data, keeping, shared in assets:
        if data not in made:
            made[data] = f"file_{len(made)}"
            arrays += [array(made[data], data),
                       array(made[data] + "_gzip", gzip.compress(data, 9, mtime=0))]
        name = made[data]
        rows.append(f'\t{{"{path}", "{kind}", "{digest(data)}", {keeping}, {shared},\n\t {{{name}, '
                    f"sizeof({name})}}, {{{name}_gzip, sizeof({name}_gzip)}}}},\n")
    text = "/* Made by build.py. */\n" + "\n".join(arrays)
    text += "\nstatic const struct asset assets[] = {\n" + "".join(rows) + "};\n"
    text += f'\n#define BUTTON_PATH "/{names["@BUTTON@"]}"\n#define BUTTON_INTEGRITY "{names["@INTEGRITY@"]}"\n'
    output.write_text(text, encoding="utf-8")

    zipped = len(gzip.compress(button, 9, mtime=0))
    print(f"{names['@BUTTON@']}: {len(button)} bytes, {zipped} gzipped, {names['@INTEGRITY@']}")
    if zipped > BUTTON_MAX_BYTES:
        sys.exit(f"button.js has {zipped} bytes gzipped; at most {BUTTON_MAX_BYTES} are allowed")


main()
