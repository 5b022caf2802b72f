"""What a template says by itself, whatever its variables hold: for those who look whether clients
may read it."""

from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import nodes

# Of a tag, these are shown, or lead somewhere. Classes, ids and styles are nobody's to read.
_READ = ("alt", "content", "href", "src", "title")
_UNREAD = ("style", "script")


def said_by(tree: nodes.Template, *, html: bool) -> str:
    """Its words, without the names of variables and what these are only compared with."""
    said = " ".join(_words(tree))
    return _Reader.words_of(said) if html else said


def _words(node: nodes.Node) -> Iterator[str]:
    match node:
        case nodes.TemplateData(data=text):
            yield text
        case nodes.Const(value=str() as text):
            yield text
        case nodes.Compare():
            return
        case nodes.Getitem(node=of):
            yield from _words(of)
        case _:
            for child in node.iter_child_nodes():
                yield from _words(child)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._words: list[str] = []
        self._unread = False

    @classmethod
    def words_of(cls, html: str) -> str:
        reader = cls()
        reader.feed(html)
        reader.close()
        return " ".join(reader._words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread = tag in _UNREAD
        self._words += [value for name, value in attrs if name in _READ and value]

    def handle_endtag(self, tag: str) -> None:
        self._unread = False

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._words.append(data)

    def handle_comment(self, data: str) -> None:
        self._words.append(data)
