"""Markdown as post-mortems have it, made into HTML that can do no harm.

A subset of CommonMark (https://spec.commonmark.org/): paragraphs, headings, lists, quotations,
code, emphasis and links. HTML in the text stays text, there are no pictures, and a link leads to
the web or to a mailbox. A line break stays one, so that plain text looks as it was typed.
"""

from collections.abc import Mapping, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_RULES = (
    "autolink",
    "backticks",
    "blockquote",
    "code",
    "emphasis",
    "escape",
    "fence",
    "heading",
    "hr",
    "lheading",
    "link",
    "list",
    "newline",
)
_SCHEMES = ("https://", "http://", "mailto:")
# The pages that show it have headings of their own above it.
_TOP, _LOWEST = 3, 6


def rendered(text: str, styles: Mapping[str, str] | None = None) -> Markup:
    """`styles` are CSS declarations by the name of the element, for mails."""
    tokens = _parser.parse(text)
    _adapt(tokens, styles or {})
    html: str = _parser.renderer.render(tokens, _parser.options, {})
    return Markup(html)  # noqa: S704 - the parser escapes all that is no markup of its own


def plain(text: str) -> str:
    """The words alone, a line for each block, for channels that show no markup."""
    return "\n".join(_words(token) for token in _parser.parse(text) if token.content).strip()


def _words(block: Token) -> str:
    """Of code its text, of others that of their pieces; a link is its words and its address."""
    if block.children is None:
        return block.content.strip()
    words, address = "", ""
    for piece in block.children:
        if piece.type == "link_open":
            address = str(piece.attrs["href"])
        elif piece.type == "link_close" and not words.endswith(address):
            words += f" ({address})"
        else:
            words += "\n" if piece.type in ("softbreak", "hardbreak") else piece.content
    return words


def _adapt(tokens: Sequence[Token], styles: Mapping[str, str]) -> None:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + _TOP - 1, _LOWEST)}"
        if token.nesting >= 0 and token.tag in styles:
            token.attrSet("style", styles[token.tag])
        _adapt(token.children or (), styles)


def _is_harmless(url: str) -> bool:
    return url.lower().startswith(_SCHEMES)


def _made() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": False, "breaks": True}).enable(_RULES)
    parser.validateLink = _is_harmless  # type: ignore[method-assign]
    return parser


_parser = _made()
