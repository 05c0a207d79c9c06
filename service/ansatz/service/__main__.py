"""``python -m ansatz.service``: the server by itself, as ``ansatz serve`` and private servers start it."""

from ansatz.service.main import main

if __name__ == "__main__":
    main()
