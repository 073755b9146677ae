"""What is worked out when it is first looked at, and then kept.

Invariant: nobody who works something out keeps whoever works on another object waiting.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Value = TypeVar("Value")


class cached_property(Generic[Value]):  # noqa: N801 - as functools has it
    """As that of functools, but without its lock: before Python 3.12 that is one for all objects of a class.

    Two threads may work the same out at the same time: either value will do.
    """

    def __init__(self, make: Callable[[Any], Value]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "cached_property[Value]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...
    def __get__(self, instance: object | None, owner: type) -> "Value | cached_property[Value]":
        """Comes here only while the object has no such entry of its own."""
        if instance is None:
            return self
        value: Value = vars(instance).setdefault(self._name, self._make(instance))
        return value
