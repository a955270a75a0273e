"""The addresses that the container had (network.status)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """One address on one interface."""

    network: str
    interface: str
    ip: str
    """With its prefix length: `10.88.0.9/16`."""
    gateway: str
    mac: str
