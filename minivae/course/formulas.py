"""The tutorials' formulas as LaTeX, made from the plain text that is read in a terminal."""

from __future__ import annotations

import re

NAMES = {
    **{name: rf"\{name}" for name in ("mu", "sigma", "theta", "beta", "Phi", "tanh", "log")},
    **{name: rf"\{name}" for name in ("max", "min", "exp", "int", "sum")},
    "eps": r"\varepsilon",
    "lam": r"\lambda",
    "lr": r"\mathrm{lr}",
    "pi": r"\pi",
    "s2": "{s^2}",
    "Im": r"\mathrm{Im}\,",
    "KL": r"\mathrm{KL}",
    "ELBO": r"\mathrm{ELBO}",
    "log_var": r"\mathrm{log\_var}",
}
SIGNS = {
    "<-": r"\leftarrow",
    "<=": r"\leq",
    ">=": r"\geq",
    "||": r"\,\|\,",
    "...": r"\ldots",
    "*": r"\cdot",
    ".": r"\cdot",
    "~": r"\sim",
    "+-": r"\pm",
}
TOKEN = re.compile(
    r"(?P<index>[A-Za-z]+\[\w, \w\]|[A-Za-z]+\[\w\])"
    r"|(?P<power>\^(?:\([^()]*\)|-?\w+))"
    r"|(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?)"
    r"|(?P<lower>_\((?:[^()]*)\)|_[A-Za-z0-9]+)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9]*(?:_hat|_var)?(?:'+)?)"
    r"|(?P<sign><-|<=|>=|\|\||\.\.\.|\+-|[-+*/=<>()\[\]|,;:~.'])"
    r"|(?P<space> +)"
)


def latex(block: str) -> str:
    """Return a block of formulas as one LaTeX display, with a line for each.

    Parameters
    ----------
    block : str
        Lines like ``dW = x^T dy``. Three or more spaces separate two formulas of one line.

    Returns
    -------
    str
        ``$$ ... $$``, or ``""`` if the block holds anything else: a table, or code.
    """
    lines = typeset(block)
    if not lines or not all(lines):
        return ""
    if len(lines) == 1:
        return f"$$\n{lines[0]}\n$$"
    aligned = [_aligned(line) for line in lines]
    return "$$\n\\begin{aligned}\n" + " \\\\\n".join(aligned) + "\n\\end{aligned}\n$$"


def typeset(block: str) -> list[str]:
    """Return each line of a block as LaTeX, or "" for a line that is not a formula."""
    return [_line(line.strip()) for line in block.splitlines() if line.strip()]


def _aligned(line: str) -> str:
    """Return a line with the mark that aligns it at its first relation."""
    return re.sub(r"( = |\\leftarrow|\\leq|\\geq|\\sim)", r" &\1", f" {line} ", count=1).strip()


def _line(line: str) -> str:
    """Return one line as LaTeX, or "" if it has no relation, or is not a formula."""
    if not re.search(r"=|<-|~|^[^A-Za-z]*[|(\[]", line):
        return ""
    columns = re.split(r" {3,}", line)
    parts = [columns[0], *("" if each[0] in "=+-*/" else r"\qquad " for each in columns[1:])]
    text = _formula(parts[0])
    for space, column in zip(parts[1:], columns[1:], strict=True):
        text += f" {space}{_formula(column)}"
    return "" if "\0" in text else text


def _formula(text: str) -> str:
    """Return plain text as LaTeX, with a null byte in place of anything that is not understood."""
    done, at, before = "", 0, ""
    words: list[str] = []
    text = re.sub(r"\bsqrt\(((?:[^()]|\([^()]*\))*)\)", r"root[[\1]]", text)
    while at < len(text):
        if text.startswith("root[[", at):
            end = text.index("]]", at)
            done += _said(words) + rf"\sqrt{{{_formula(text[at + 6 : end])}}}"
            at = end + 2
            continue
        match = TOKEN.match(text, at)
        if match is None:
            return "\0"
        at = match.end()
        kind, token = match.lastgroup or "", match.group()
        if kind == "name" and _is_a_word(token):
            words.append(token)
        elif kind != "space":
            done += _said(words) + _token(kind, token)
        elif not words:
            done += _gap(text[at:], before)
        before = kind if kind != "space" else before
    return re.sub(" +", " ", done + _said(words)).strip()


def _gap(rest: str, before: str) -> str:
    """Return the space between two factors, because LaTeX sets none."""
    following = TOKEN.match(rest)
    kind, token = (following.lastgroup, following.group()) if following else ("", "")
    is_factor = kind == "index" or (kind == "name" and not _is_a_word(token))
    return r" \, " if is_factor and before in ("name", "power", "lower", "index") else " "


def _is_a_word(token: str) -> bool:
    """Return whether a token is an English word, and not the name of a number."""
    bare = token.rstrip("'").removesuffix("_hat")
    known = bare in NAMES or bare.removeprefix("d") in NAMES
    return not known and not re.fullmatch(r"[dr]?[A-Za-z]\d?|ab|[is]h", bare)


def _said(words: list[str]) -> str:
    """Return the collected English words, and empty the list."""
    text = rf" \text{{ {' '.join(words)} }} ".replace("_", r"\_") if words else ""
    words.clear()
    return text


def _token(kind: str, token: str) -> str:
    if kind == "index":
        name, _, index = token.rstrip("]").partition("[")
        return f"{_name(name)}_{{{index.replace(', ', '')}}}"
    if kind == "power":
        inner = token[1:].strip("()") if token[1] == "(" else token[1:]
        return r"^\top " if inner == "T" else f"^{{{_formula(inner)}}}"
    if kind == "lower":
        inner = token[1:].strip("()")
        return f"_{{{inner if inner.isalpha() else _formula(inner)}}}"
    if kind == "number":
        number, _, power = token.partition("e")
        factor = "" if number == "1" else rf"{number} \cdot "
        return rf"{factor}10^{{{power}}}" if power else number
    if kind == "sign":
        sign = SIGNS.get(token, token)
        return f" {sign} " if token in SIGNS or token == "=" else sign
    return _name(token)


def _name(token: str) -> str:
    bare, primes = token.rstrip("'"), token.count("'")
    differential = "d" if bare not in NAMES and bare[0] == "d" and len(bare) > 1 else ""
    bare = bare.removeprefix(differential)
    if bare.endswith("_hat"):
        text = rf"\hat{{{bare.removesuffix('_hat')}}}"
    elif bare in NAMES:
        text = NAMES[bare] + (" " if NAMES[bare][0] == "\\" else "")
    else:
        text = re.sub(r"^([A-Za-z]+)(\d+)$", r"\1_{\2}", bare)
    return differential + text + "'" * primes
