"""Attributes that are worked out when they are first read, and then kept.

Invariant: work on one object never waits for work on another.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Value = TypeVar("Value")


class cached_property(Generic[Value]):  # noqa: N801 - as functools has it
    """Like that of functools, but without its lock: before Python 3.12 there is one lock for all objects of a class.

    Two threads may work out the same value at the same time; either result is right.
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
        """Called only while the object has no such entry of its own."""
        if instance is None:
            return self
        value: Value = vars(instance).setdefault(self._name, self._make(instance))
        return value
