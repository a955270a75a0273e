"""Networks, addresses, ports and connections: what Podman, netavark and CRIU say of them."""

from tui.restore.causes.registry import CRIU, NETAVARK, RUNTIMES, Cause
from tui.restore.remedies import (
    ARCHIVE_PORTS,
    CLOSE_CONNECTIONS,
    KEEP_NAME,
    NEW_ADDRESS,
    NO_CLOSING,
    RESTORE_CONNECTIONS,
)

NETWORK = (
    Cause(
        "tcp-established",
        r"(?:inet: )?Connected TCP socket(?: in image)?",
        "The container had an open TCP connection",
        "CRIU must be told what to do with it. --tcp-close drops the connection, and the program"
        " can connect anew (Podman 5.7 with crun 1.23 or later). --tcp-established brings it back,"
        " which needs the old name, the same address, and a peer that still waits.",
        ("tcp-established",),
        by=CRIU,
        remedies=(RESTORE_CONNECTIONS, CLOSE_CONNECTIONS),
    ),
    Cause(
        "tcp-close-required",
        r"Need to set the --tcp-close options?",
        "The checkpoint was made with its TCP connections closed",
        "It can only be restored in the same way: with --tcp-close (Podman 5.7 with crun 1.23 or"
        " later).",
        ("tcp-close-required",),
        by=CRIU,
        remedies=(CLOSE_CONNECTIONS,),
    ),
    Cause(
        "tcp-established-with-name",
        r"--tcp-established cannot be used with --name",
        "Podman does not restore TCP connections under a new name",
        "They belong to the old container with its old address. Keep the old name, or drop the"
        " connections with --tcp-close.",
        ("tcp-established-with-name",),
        remedies=(CLOSE_CONNECTIONS, KEEP_NAME),
    ),
    Cause(
        "tcp-close-unsupported",
        r"flag provided but not defined: -?-tcp-close|unrecognized option '--tcp-close'",
        "The OCI runtime has no --tcp-close",
        "crun has it since 1.23, runc has not. Restore the connections with --tcp-established, or"
        " update crun.",
        ("tcp-close-unsupported",),
        remedies=(NO_CLOSING, RESTORE_CONNECTIONS),
    ),
    Cause(
        "tcp-peer-gone",
        r"Can't connect inet socket back: .*",
        "A TCP connection cannot be brought back",
        "Its address or the way to its peer is another one than on the old host. Drop the"
        " connections with --tcp-close.",
        ("tcp-established",),
        by=CRIU,
        remedies=(CLOSE_CONNECTIONS,),
    ),
    Cause(
        "socket-address-missing",
        r"Can't bind inet socket (?:back|\(id \d+\)): Cannot assign requested address",
        "The restored container lacks an address that its sockets belong to",
        "It got a new one. Let it have the old addresses (old name, no --ignore-static-ip), or drop"
        " the connections with --tcp-close. Sockets that listen on that very address need it.",
        ("tcp-established",),
        by=CRIU,
        remedies=(CLOSE_CONNECTIONS,),
    ),
    Cause(
        "host-network-port",
        r"Can't bind inet socket.*",
        "A port that the container listens on is taken on this host",
        "The container uses the host's network, so that it needs the port itself. `ss -ltnp` shows"
        " who has it; stop that, and try again.",
        ("host-network-port",),
        by=CRIU,
    ),
    Cause(
        "network-lock-iptables",
        r"Locking network failed: iptables-restore returned -?\d+|ip6?tables-restore -w failed",
        "CRIU cannot set rules of iptables in the container's network",
        "Mostly the program is not installed: install the package iptables (iptables-nft does it as"
        " well). Otherwise the kernel lacks its modules: `modprobe ip_tables xt_mark`.",
        ("network-lock-tool-missing",),
        by=CRIU,
    ),
    Cause(
        "network-lock-nftables",
        r"Locking network failed using nftables|CRIU was built without libnftables support",
        "CRIU cannot lock the container's network with nftables",
        "Install a CRIU with nftables and the library libnftables. If a lock of an earlier try is"
        " there still, remove that container and its network namespace first.",
        ("network-lock-tool-missing",),
        by=CRIU,
    ),
    Cause(
        "port-in-use",
        r"(?:listen |bind )?(?P<protocol>tcp|udp)[46]? (?:port )?\S*?:(?P<port>\d+): (?:bind: )?"
        r"address already in use",
        "Port {port}/{protocol} is taken on this host",
        "A container or a process of the host has it: `podman ps` and `ss -lnp` show which. Stop"
        " it, or publish another port with --publish; that replaces all ports, so repeat the"
        " others.",
        ("port-in-use",),
    ),
    Cause(
        "port-twice",
        r"conflicting port mappings for host port (?P<port>\d+) \(protocol (?P<protocol>\w+)\)",
        "Port {port}/{protocol} is published twice",
        "Give each --publish another port of the host.",
        ("port-in-use",),
        remedies=(ARCHIVE_PORTS,),
    ),
    Cause(
        "port-none-free",
        r"failed to find an open port to expose container port (?P<port>\d+).*on the host",
        "Podman finds no free port of the host for port {port} of the container",
        "Name a free one with --publish, or a shorter range.",
        ("port-in-use", "port-invalid"),
        remedies=(ARCHIVE_PORTS,),
    ),
    Cause(
        "port-invalid",
        r"(?:port numbers must be between|invalid port (?:format|number)|unrecognized protocol"
        r"|must provide a non-empty (?:container|protocol|host)|cannot parse \"[^\"]*\" as an IP"
        r"|host and container port ranges have different|the end port of a range must be).*",
        "Podman does not accept a value of --publish",
        "It must look like [[hostIP:][hostPort]:]containerPort[/protocol], with ports from 1 to"
        " 65535 and an IPv6 address in brackets.",
        ("port-invalid",),
        remedies=(ARCHIVE_PORTS,),
    ),
    Cause(
        "ip-in-use",
        r"requested ip address (?P<ip>\S+) is already allocated(?: to container ID [0-9a-f]+)?",
        "Another container has the address {ip}",
        "Without a new name Podman asks for the old addresses again. Restore with"
        " --ignore-static-ip and --ignore-static-mac, or stop the other container. If there is no"
        " such container, Podman has not noticed its end; a restart of the host clears that up.",
        ("ip-in-use",),
        remedies=(NEW_ADDRESS,),
    ),
    Cause(
        "ip-outside-subnet",
        r"requested static ip (?P<ip>\S+) not in any subnet on network (?P<network>\S+)",
        "The network {network} of this host has no address {ip}",
        "It has other subnets than on the old host. Restore with --ignore-static-ip and"
        " --ignore-static-mac, or create the network with the old subnet.",
        ("ip-outside-subnet",),
        remedies=(NEW_ADDRESS,),
    ),
    Cause(
        "ip-exhausted",
        r"failed to find free IP in range: (?P<range>.+)",
        "The network has no free address left in {range}",
        "Remove containers that nobody needs, or create the network with a larger subnet.",
    ),
    Cause(
        "network-missing",
        r"unable to find network with name or ID (?P<name>.+?): network not found",
        "There is no network {name} on this host",
        "The container was in it. Create it with `podman network create`, with the same subnet"
        " (--subnet) if the container must keep its address.",
        ("network-missing",),
    ),
    Cause(
        "interface-twice",
        r"network interface name \"(?P<name>[^\"]*)\" is already assigned to another network",
        "Two networks of the container want the interface {name}",
        "The archive comes from another version of Podman, which numbers them differently. Restore"
        " it with the Podman that made it.",
        ("port-keys-of-another-podman",),
    ),
    Cause(
        "network-namespace-missing",
        r"Requested network namespace (?P<path>\S+) does not exist"
        r"|unable to open\(\): `[^`]*/netns/[^`]*`: No such file or directory",
        "The network namespace that the container was in is not on this host",
        "It was started with --network=ns:PATH. Create the namespace first: `ip netns add NAME`.",
        by=RUNTIMES,
    ),
    Cause(
        "slirp4netns-removed",
        r"slirp4netns support has been removed",
        "Podman 6 no longer has the network slirp4netns, which the container uses",
        "Restore it with Podman 5, or make the container anew with --network=pasta and checkpoint"
        " it again.",
    ),
    Cause(
        "helper-missing",
        r"could not find \"(?P<name>[^\"]+)\" in one of",
        "Podman does not find its helper program {name}",
        "Install the package of that name. If it is there, name its folder in containers.conf:"
        " helper_binaries_dir in the section [engine].",
    ),
    Cause(
        "netavark-without-firewall",
        r"netavark: No such file or directory \(os error 2\)",
        "netavark, which sets up the network, does not find a program that it needs",
        "It is the firewall's: install iptables or nftables (the program nft).",
        by=NETAVARK,
    ),
    Cause(
        "netavark-firewall",
        r"netavark: (?:nftables error|iptables: |code: \d+, msg: ip6?tables).*",
        "netavark cannot set the firewall rules for the network",
        "The kernel lacks modules, or another program has changed the rules: `podman network"
        " reload --all` writes Podman's anew. After a kernel update restart the host first. If"
        ' nftables fails, try firewall_driver = "iptables" in the section [network] of'
        " containers.conf.",
        by=NETAVARK,
    ),
)
