"""Part two of GLOSSARY.md: every public class by room, with the first sentence of its docstring.

python tests/tidy/class_index.py        writes it anew
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = ROOT / "GLOSSARY.md"
HEADING = "## Classes\n"


def first_sentence(docstring: str) -> str:
    """Up to the first full stop that ends a sentence, on one line."""
    paragraph = " ".join(docstring.split("\n\n")[0].split())
    found = re.match(r".*?[.!?](?=\s|$)", paragraph)
    return found[0] if found else paragraph


def public_classes(room: Path) -> Iterator[tuple[str, str, str]]:
    """(name, file within the room, docstring) of each class that other files may use."""
    for path in sorted(room.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                file = str(path.relative_to(room))
                yield node.name, file, ast.get_docstring(node) or ""


def class_index() -> str:
    """The whole part, from its heading on."""
    lines = [HEADING]
    for init in sorted((ROOT / "src" / "plausch").glob("*/__init__.py")):
        lines.append(f"\n### {init.parent.name}\n\n")
        for name, file, docstring in sorted(public_classes(init.parent)):
            lines.append(f"- `{name}` ({file}): {first_sentence(docstring)}\n")
    return "".join(lines)


def main() -> None:
    """Write it."""
    words = GLOSSARY.read_text(encoding="utf-8").partition(HEADING)[0]
    GLOSSARY.write_text(words + class_index(), encoding="utf-8")


if __name__ == "__main__":
    main()
