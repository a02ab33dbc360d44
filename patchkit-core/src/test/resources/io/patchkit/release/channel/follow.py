"""Follows a channel with python-tuf's Updater: prints each path asked for, and what is known of it.

usage: follow.py FIRST_ROOT PUBLISHED_DIRECTORY EMPTY_DIRECTORY PATH...
"""

import pathlib
import sys

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

first_root, published, empty = (pathlib.Path(argument) for argument in sys.argv[1:4])


class Directory(FetcherInterface):
    """Files of the published directory as if they came from a server."""

    def _fetch(self, url):
        file = published / url.removeprefix("http://channel/")
        if not file.exists():
            raise DownloadHTTPError("no such file", 404)
        return iter([file.read_bytes()])


updater = Updater(
    metadata_dir=str(empty),
    metadata_base_url="http://channel/",
    fetcher=Directory(),
    bootstrap=first_root.read_bytes(),
)
updater.refresh()
for path in sys.argv[4:]:
    info = updater.get_targetinfo(path)
    print(path, info and (info.length, info.hashes["sha256"], info.custom["status"]))
