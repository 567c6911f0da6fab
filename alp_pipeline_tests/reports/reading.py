"""Reading a page back: figures by warehouse address, text, structure."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "br", "link", "img", "input", "hr"}


@dataclass
class Node:
    """An element with its attributes, children and the text directly inside."""

    tag: str
    attributes: dict[str, str]
    parent: "Node | None" = None
    children: list["Node | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        parts = (child if isinstance(child, str) else child.text for child in self.children)
        return re.sub(r"[ \t\n]+", " ", "".join(parts)).strip(" ")

    def all(self, tag: str, **attributes: str) -> list["Node"]:
        """Descendants with a tag and attributes (`data_state` for data-state, `class_` holds a word)."""
        found = []
        for child in self.children:
            if isinstance(child, Node):
                wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
                if child.tag == tag and all(
                    value in child.attributes.get(key, "").split() for key, value in wanted.items()
                ):
                    found.append(child)
                found += child.all(tag, **attributes)
        return found

    def one(self, tag: str, **attributes: str) -> "Node":
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} × {tag} {attributes}"
        return found[0]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.at = self.root = Node("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {key: value or "" for key, value in attrs}, self.at)
        self.at.children.append(node)
        if tag not in _VOID:
            self.at = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.at.children.append(Node(tag, {key: value or "" for key, value in attrs}, self.at))

    def handle_endtag(self, tag: str) -> None:
        assert self.at.tag == tag, f"</{tag}> closes <{self.at.tag}>"
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


def read_page(html: str) -> Node:
    """The page's tree; fails where a tag is not closed properly."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert builder.at is builder.root, f"<{builder.at.tag}> is never closed"
    return builder.root


def figures(root: Node) -> dict[str, set[tuple[float | None, str]]]:
    """Warehouse address → every (full value, words shown) that the page prints of it."""
    found: dict[str, set[tuple[float | None, str]]] = {}
    for node in root.all("data"):
        address = node.attributes["data-cell"]
        found.setdefault(address, set()).add((float(node.attributes["value"]), node.text))
    for node in root.all("span", class_="state"):
        found.setdefault(node.attributes["data-cell"], set()).add((None, node.text))
    return found
