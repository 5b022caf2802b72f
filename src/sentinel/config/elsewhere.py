"""The file that a key belongs to, for those who wrote it into the other one."""

from msgspec.structs import fields

from sentinel.config.schema import MainFile, RulesFile

_OF_MAIN = frozenset(one.encode_name for one in fields(MainFile))
_OF_RULES = frozenset(one.encode_name for one in fields(RulesFile))


def elsewhere(record: str, key: str) -> str:
    """A hint; empty where the key belongs to neither file. `record` is the title of the one that
    it was found in."""
    if record == "MainFile" and key in _OF_RULES:
        return "it belongs in a file of rules, which stand in rules_dir"
    if record == "RulesFile" and key in _OF_MAIN:
        return "it belongs in the main file, sentinel.yaml"
    return ""
