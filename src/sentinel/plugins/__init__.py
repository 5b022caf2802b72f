"""Plugins: found in three places, checked, and kept in a registry."""

from sentinel.plugins.registry import BUILT_INS, PluginInfo, Registry, load, load_sources

__all__ = ["BUILT_INS", "PluginInfo", "Registry", "load", "load_sources"]
