"""How long a plan takes on a crowded host: `python -m tests.bench.plan`."""

from statistics import median
from time import perf_counter

from tests.restore.facts import archive, container, host, identifier, listener, pod, port, the_image
from tui.host.facts import HostFacts, Image
from tui.restore.options import RestoreOptions
from tui.restore.plan import make_plan

RUNS = 200

BUDGET = 5.0
"""Milliseconds that a plan may take; it is made anew at every keystroke."""


def crowded() -> HostFacts:
    """1,000 containers, 1,000 images, 500 volumes and 1,000 listening sockets."""
    return host(
        containers=[container(f"c{n}", port(20000 + n)) for n in range(1000)],
        pods=[pod(f"p{n}") for n in range(50)],
        volumes=[f"v{n}" for n in range(500)],
        images=[
            *(Image(identifier(f"i{n}"), (f"quay.io/some/image{n}:latest",)) for n in range(999)),
            the_image(),
        ],
        listeners=[listener(40000 + n) for n in range(1000)],
    )


CASES = {
    "as archived": RestoreOptions(),
    "new name": RestoreOptions(name="other"),
    "20 ports": RestoreOptions(publish=tuple(f"{20000 + 10 * n}:80" for n in range(20))),
    "every port": RestoreOptions(publish=("1-65535:1-65535",)),
    "into a pod": RestoreOptions(pod="p7"),
}


def milliseconds(checkpoint_name: str, facts: HostFacts, options: RestoreOptions) -> float:
    """The median of one plan."""
    checkpoint = archive(checkpoint_name)
    times = []
    for _ in range(RUNS):
        start = perf_counter()
        make_plan(checkpoint, facts, options)
        times.append((perf_counter() - start) * 1000)
    return median(times)


if __name__ == "__main__":
    facts = crowded()
    for label, options in CASES.items():
        took = milliseconds("member" if options.pod else "web", facts, options)
        print(f"{label:12} {took:6.2f} ms{'' if took < BUDGET else f'   over {BUDGET} ms'}")
