"""The one root of this project's errors: every one says what, where, and what to do.

Belongs here: the base class. Does not: concrete errors, which live beside the code that raises them.
"""


class AlpError(Exception):
    """A failure that a person can act on.

    Args:
        what: what went wrong, a sentence without the subject.
        where: the file, dataset, table or setting that it concerns.
        todo: what to do about it.

    >>> str(AlpError("the file is empty", where="a.tsv.gz", todo="Fetch it again."))
    'AlpError: a.tsv.gz: the file is empty. Fetch it again.'
    """

    def __init__(self, what: str, *, where: str, todo: str) -> None:
        self.what = what.rstrip(".")
        self.where = where
        self.todo = todo
        super().__init__(f"{type(self).__name__}: {where}: {self.what}. {todo}")

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process borders by pickling; keyword-only arguments need saying how.
        return (_rebuild, (type(self), self.what, self.where, self.todo))


def _rebuild(kind: type[AlpError], what: str, where: str, todo: str) -> AlpError:
    return kind(what, where=where, todo=todo)
