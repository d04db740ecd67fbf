"""The supervisor behind `up --detach`: `python -m ops.supervise TOWN HOST PORT`."""

import sys

from layers.errors import MuangError
from ops.checkout import Checkout
from ops.progress import Progress, both
from ops.running import forget
from ops.serve import serve, stopping_on_signals
from ops.server import Address
from ops.session import database


def main() -> int:
    """Serve what `up` prepared until `down`; the open `up` lock was inherited."""
    town, host, port = sys.argv[1:4]
    progress = Progress()
    checkout = Checkout.here()
    try:
        with stopping_on_signals(), database(progress, checkout) as server:
            address = Address(host, int(port))
            serve(checkout, server, town, address, progress, ready=lambda _: None)
    except KeyboardInterrupt:
        return 0
    except MuangError as error:
        print(both(error.detail), file=sys.stderr)
        return 1
    finally:
        forget(checkout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
