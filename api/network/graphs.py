"""Road graphs kept in memory: building one takes longer than most questions asked of it."""

import asyncio
from collections import OrderedDict

from api.network import gather
from db.queries.network import Snapshot
from flood.roads import Graph

MOST = 2
"""Graphs kept: the one of now, and the one before while somebody edits the roads."""

_Key = tuple[object, ...]


class Graphs:
    """The graphs last used, by the version of the roads a snapshot reads and the role reading.

    A snapshot of the past, or read while a change waits for its number, gets its own.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, Graph] = OrderedDict()
        self._building = asyncio.Lock()

    async def graph(self, snap: Snapshot) -> Graph:
        """The graph of the roads as the snapshot reads them."""
        version = await snap.roads_version()
        if version is None:
            return await _built(snap)
        async with self._building:
            found = self._kept.pop(version, None)
            if found is None:
                found = await _built(snap)
            self._kept[version] = found
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return found


async def _built(snap: Snapshot) -> Graph:
    return await asyncio.to_thread(gather.graph_of, await snap.roads())
