"""The grammar of the cursor language; written by grammar/regen.py from grammar/cursor.lark."""
# fmt: off

from cursorkit.language.ast import Head, Name, Path, Root, Up

GRAMMAR = r"""
// The cursor language: one argument of a body (`-r`) or of the parameters (`-p`).
//
// An argument is cut after its first "="; what stands before the cut, the "=" included, is its head, and
// only the head is parsed here. The rest is the value: verbatim, no character of it is ever special, so it
// meets no grammar. Every string of [^=]*=? is a head: mistakes are productions, so that parsing never fails
// and a mistake can be weighed against the others (going above the root comes before an unfinished path).

// "No `=`: a move. Otherwise an assignment." Without a path there is a mistake, `empty`.
head: [path] [TEXT]               -> plain
// The extensions: the value is JSON, names a file, or is itself the last name of a move. Without a path they
// mean the cursor's own place.
    | [path] (JSON | FILE | KEY)  -> extended

// "A path is cut into alternating runs of dots and names."
//   `.` alone: the root.
path: DOT                   -> walk
//   k >= 2 dots alone: up k-1 levels.
    | UP                    -> walk
//   Names, with dots between them, and perhaps dots before them; k >= 2 dots may also stand last: up k-1.
    | names [UP]            -> walk
//   One dot last, behind a name: `trailing-separator`, found after everything else of the path.
    | names DOT             -> unfinished

//   One leading dot: from the root. k >= 2 leading dots: up k-1 from the cursor.
//   One dot between names: a separator. k >= 2 dots: up k-1, the name before them is the first to be left.
// "A name is any run of characters other than `.`": no trimming, no case folding. Only the last character
// before the "=" can belong to a sign; elsewhere it is a MARK, which goes on with the name: no dots between.
names: [DOT | UP] (WORD | MARK)
     | names [DOT | UP] (WORD | MARK)

DOT:  "."
UP:   /[.][.]+/
WORD: /[^.=:@\/]+/
MARK: /[:@\/]/
TEXT: "="
JSON: ":="
FILE: "@="
KEY:  "/="
"""

WORD = r"[^.=:@\/]+"
"""The regular expression of the terminal."""

HEADS: dict[str, Head] = {
    "": (Path((), "empty"), ""),
    "=": (Path((), "empty"), "="),
    ":=": (Path(()), ":="),
    "@=": (Path(()), "@="),
    "/=": (Path(()), "/="),
    "w": (Path((Name("w", (0, 1)),)), ""),
    "w=": (Path((Name("w", (0, 1)),)), "="),
    "w:=": (Path((Name("w", (0, 1)),)), ":="),
    "w@=": (Path((Name("w", (0, 1)),)), "@="),
    "w/=": (Path((Name("w", (0, 1)),)), "/="),
    "w.w": (Path((Name("w", (0, 1)), Name("w", (2, 3)))), ""),
    "w.w=": (Path((Name("w", (0, 1)), Name("w", (2, 3)))), "="),
    "w.w:=": (Path((Name("w", (0, 1)), Name("w", (2, 3)))), ":="),
    "w.w@=": (Path((Name("w", (0, 1)), Name("w", (2, 3)))), "@="),
    "w.w/=": (Path((Name("w", (0, 1)), Name("w", (2, 3)))), "/="),
    "w.w.w": (Path((Name("w", (0, 1)), Name("w", (2, 3)), Name("w", (4, 5)))), ""),
    "w.w.w=": (Path((Name("w", (0, 1)), Name("w", (2, 3)), Name("w", (4, 5)))), "="),
    "w.w.w:=": (Path((Name("w", (0, 1)), Name("w", (2, 3)), Name("w", (4, 5)))), ":="),
    "w.w.w@=": (Path((Name("w", (0, 1)), Name("w", (2, 3)), Name("w", (4, 5)))), "@="),
    "w.w.w/=": (Path((Name("w", (0, 1)), Name("w", (2, 3)), Name("w", (4, 5)))), "/="),
    "w.w.w.w": (Path((Name("w", (0, 1)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)))), ""),
    "w.w.w.w=": (Path((Name("w", (0, 1)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)))), "="),
    "w.w.w.w:=": (Path((Name("w", (0, 1)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)))), ":="),
    "w.w.w.w@=": (Path((Name("w", (0, 1)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)))), "@="),
    "w.w.w.w/=": (Path((Name("w", (0, 1)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)))), "/="),
    ".": (Path((Root((0, 1)),)), ""),
    ".=": (Path((Root((0, 1)),)), "="),
    ".:=": (Path((Root((0, 1)),)), ":="),
    ".@=": (Path((Root((0, 1)),)), "@="),
    "./=": (Path((Root((0, 1)),)), "/="),
    ".w": (Path((Root((0, 1)), Name("w", (1, 2)))), ""),
    ".w=": (Path((Root((0, 1)), Name("w", (1, 2)))), "="),
    ".w:=": (Path((Root((0, 1)), Name("w", (1, 2)))), ":="),
    ".w@=": (Path((Root((0, 1)), Name("w", (1, 2)))), "@="),
    ".w/=": (Path((Root((0, 1)), Name("w", (1, 2)))), "/="),
    ".w.w": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)))), ""),
    ".w.w=": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)))), "="),
    ".w.w:=": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)))), ":="),
    ".w.w@=": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)))), "@="),
    ".w.w/=": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)))), "/="),
    ".w.w.w": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)), Name("w", (5, 6)))), ""),
    ".w.w.w=": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)), Name("w", (5, 6)))), "="),
    ".w.w.w:=": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)), Name("w", (5, 6)))), ":="),
    ".w.w.w@=": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)), Name("w", (5, 6)))), "@="),
    ".w.w.w/=": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)), Name("w", (5, 6)))), "/="),
    ".w.w.w.w": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)))), ""),
    ".w.w.w.w=": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)))), "="),
    ".w.w.w.w:=": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)))), ":="),
    ".w.w.w.w@=": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)))), "@="),
    ".w.w.w.w/=": (Path((Root((0, 1)), Name("w", (1, 2)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)))), "/="),
    "..": (Path((Up(1, (0, 2)),)), ""),
    "..=": (Path((Up(1, (0, 2)),)), "="),
    "..:=": (Path((Up(1, (0, 2)),)), ":="),
    "..@=": (Path((Up(1, (0, 2)),)), "@="),
    "../=": (Path((Up(1, (0, 2)),)), "/="),
    "..w": (Path((Up(1, (0, 2)), Name("w", (2, 3)))), ""),
    "..w=": (Path((Up(1, (0, 2)), Name("w", (2, 3)))), "="),
    "..w:=": (Path((Up(1, (0, 2)), Name("w", (2, 3)))), ":="),
    "..w@=": (Path((Up(1, (0, 2)), Name("w", (2, 3)))), "@="),
    "..w/=": (Path((Up(1, (0, 2)), Name("w", (2, 3)))), "/="),
    "..w.w": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)))), ""),
    "..w.w=": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)))), "="),
    "..w.w:=": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)))), ":="),
    "..w.w@=": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)))), "@="),
    "..w.w/=": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)))), "/="),
    "..w.w.w": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)))), ""),
    "..w.w.w=": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)))), "="),
    "..w.w.w:=": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)))), ":="),
    "..w.w.w@=": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)))), "@="),
    "..w.w.w/=": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)))), "/="),
    "..w.w.w.w": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)))), ""),
    "..w.w.w.w=": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)))), "="),
    "..w.w.w.w:=": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)))), ":="),
    "..w.w.w.w@=": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)))), "@="),
    "..w.w.w.w/=": (Path((Up(1, (0, 2)), Name("w", (2, 3)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)))), "/="),
    "...": (Path((Up(2, (0, 3)),)), ""),
    "...=": (Path((Up(2, (0, 3)),)), "="),
    "...:=": (Path((Up(2, (0, 3)),)), ":="),
    "...@=": (Path((Up(2, (0, 3)),)), "@="),
    ".../=": (Path((Up(2, (0, 3)),)), "/="),
    "...w": (Path((Up(2, (0, 3)), Name("w", (3, 4)))), ""),
    "...w=": (Path((Up(2, (0, 3)), Name("w", (3, 4)))), "="),
    "...w:=": (Path((Up(2, (0, 3)), Name("w", (3, 4)))), ":="),
    "...w@=": (Path((Up(2, (0, 3)), Name("w", (3, 4)))), "@="),
    "...w/=": (Path((Up(2, (0, 3)), Name("w", (3, 4)))), "/="),
    "...w.w": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)))), ""),
    "...w.w=": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)))), "="),
    "...w.w:=": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)))), ":="),
    "...w.w@=": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)))), "@="),
    "...w.w/=": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)))), "/="),
    "...w.w.w": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)))), ""),
    "...w.w.w=": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)))), "="),
    "...w.w.w:=": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)))), ":="),
    "...w.w.w@=": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)))), "@="),
    "...w.w.w/=": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)))), "/="),
    "...w.w.w.w": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)))), ""),
    "...w.w.w.w=": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)))), "="),
    "...w.w.w.w:=": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)))), ":="),
    "...w.w.w.w@=": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)))), "@="),
    "...w.w.w.w/=": (Path((Up(2, (0, 3)), Name("w", (3, 4)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)))), "/="),
    "....": (Path((Up(3, (0, 4)),)), ""),
    "....=": (Path((Up(3, (0, 4)),)), "="),
    "....:=": (Path((Up(3, (0, 4)),)), ":="),
    "....@=": (Path((Up(3, (0, 4)),)), "@="),
    "..../=": (Path((Up(3, (0, 4)),)), "/="),
    "....w": (Path((Up(3, (0, 4)), Name("w", (4, 5)))), ""),
    "....w=": (Path((Up(3, (0, 4)), Name("w", (4, 5)))), "="),
    "....w:=": (Path((Up(3, (0, 4)), Name("w", (4, 5)))), ":="),
    "....w@=": (Path((Up(3, (0, 4)), Name("w", (4, 5)))), "@="),
    "....w/=": (Path((Up(3, (0, 4)), Name("w", (4, 5)))), "/="),
    "....w.w": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)))), ""),
    "....w.w=": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)))), "="),
    "....w.w:=": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)))), ":="),
    "....w.w@=": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)))), "@="),
    "....w.w/=": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)))), "/="),
    "....w.w.w": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)))), ""),
    "....w.w.w=": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)))), "="),
    "....w.w.w:=": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)))), ":="),
    "....w.w.w@=": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)))), "@="),
    "....w.w.w/=": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)))), "/="),
    "....w.w.w.w": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)), Name("w", (10, 11)))), ""),
    "....w.w.w.w=": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)), Name("w", (10, 11)))), "="),
    "....w.w.w.w:=": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)), Name("w", (10, 11)))), ":="),
    "....w.w.w.w@=": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)), Name("w", (10, 11)))), "@="),
    "....w.w.w.w/=": (Path((Up(3, (0, 4)), Name("w", (4, 5)), Name("w", (6, 7)), Name("w", (8, 9)), Name("w", (10, 11)))), "/="),
    ".....": (Path((Up(4, (0, 5)),)), ""),
    ".....=": (Path((Up(4, (0, 5)),)), "="),
    ".....:=": (Path((Up(4, (0, 5)),)), ":="),
    ".....@=": (Path((Up(4, (0, 5)),)), "@="),
    "...../=": (Path((Up(4, (0, 5)),)), "/="),
    ".....w": (Path((Up(4, (0, 5)), Name("w", (5, 6)))), ""),
    ".....w=": (Path((Up(4, (0, 5)), Name("w", (5, 6)))), "="),
    ".....w:=": (Path((Up(4, (0, 5)), Name("w", (5, 6)))), ":="),
    ".....w@=": (Path((Up(4, (0, 5)), Name("w", (5, 6)))), "@="),
    ".....w/=": (Path((Up(4, (0, 5)), Name("w", (5, 6)))), "/="),
    ".....w.w": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)))), ""),
    ".....w.w=": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)))), "="),
    ".....w.w:=": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)))), ":="),
    ".....w.w@=": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)))), "@="),
    ".....w.w/=": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)))), "/="),
    ".....w.w.w": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)))), ""),
    ".....w.w.w=": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)))), "="),
    ".....w.w.w:=": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)))), ":="),
    ".....w.w.w@=": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)))), "@="),
    ".....w.w.w/=": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)))), "/="),
    ".....w.w.w.w": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)), Name("w", (11, 12)))), ""),
    ".....w.w.w.w=": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)), Name("w", (11, 12)))), "="),
    ".....w.w.w.w:=": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)), Name("w", (11, 12)))), ":="),
    ".....w.w.w.w@=": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)), Name("w", (11, 12)))), "@="),
    ".....w.w.w.w/=": (Path((Up(4, (0, 5)), Name("w", (5, 6)), Name("w", (7, 8)), Name("w", (9, 10)), Name("w", (11, 12)))), "/="),
}
"""What the grammar makes of the usual heads; every word is a `w`."""
