"""``python -m ansatz.discovery.search.evolution NAME``: install what an engine needs on this machine."""

import sys

from ansatz.discovery.asked.options import Engine
from ansatz.discovery.search.evolution.engines import install

if __name__ == "__main__":
    sys.exit(install(Engine(sys.argv[1])))
