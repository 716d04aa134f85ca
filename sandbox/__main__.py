"""python -m sandbox --port 0 --home DIR: serves until SIGTERM or SIGINT; its first line is its address."""

import argparse
from pathlib import Path

from sandbox.app import create_app
from sandbox.server import serve


def main() -> None:
    options = _options()
    app = create_app(
        options.home,
        time_scale=options.time_scale,
        seed=options.seed,
        fault_rate=options.fault_rate,
        latency_ms=options.latency_ms,
        companies=options.companies,
    )
    serve(app, port=options.port)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="Every vendor on localhost.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--home", type=Path, required=True, help="folder of its state: invoice, jobs, clock")
    parser.add_argument("--time-scale", type=float, default=20.0, help="vendors' waiting times are divided by it")
    parser.add_argument("--seed", type=int, default=1, help="decides which source knows which company")
    parser.add_argument("--fault-rate", type=float, default=0.0, help="share of calls that fail, 0 to 1")
    parser.add_argument("--latency-ms", type=int, default=0, help="added to every call")
    parser.add_argument("--companies", type=int, default=0, help="beyond 500, numbered copies of these")
    return parser.parse_args()


if __name__ == "__main__":
    main()
