# SPDX-License-Identifier: GPL-2.0
"""AF_XDP: a program in the guest sends back what comes, byte by byte the same."""

import random
import struct
from contextlib import contextmanager
from typing import Iterator

import traffic
from cases_data import checked_data
from cases_xdp import ETHERTYPE, HOST_MAC, counter, exchanged, expect_all, frames, restarts
from suite import Context, Skip, case, expect, expect_equal
from vmlib.nic import Nic

LOG, PID = "/run/xsk-echo.log", "/run/xsk-echo.pid"
END = f"kill $(cat {PID}) 2>/dev/null; while kill -0 $(cat {PID}) 2>/dev/null; do usleep 20000; done"
LARGE = (1514, 3000, 4000, 6000, 9014)


@contextmanager
def echoing(ctx: Context, arguments: str, how: str) -> Iterator[None]:
    """xsk-echo in the background, with a socket of the kind it has to be."""
    # Emptied here: its own shell does that at its leisure, and the last one's is there.
    ctx.guest.sh(f": >{LOG}; xsk-echo {arguments} >>{LOG} 2>&1 & echo $! >{PID}")
    try:
        ctx.guest.sh(f"until grep -qx ready {LOG}; do kill -0 $(cat {PID}) 2>/dev/null || "
                     f"{{ cat {LOG}; exit 1; }}; usleep 20000; done")
        found = ctx.guest.sh(f"cat {LOG}")
        expect(f": {how}\n" in found, f"the socket is not in {how} mode: {found}")
        yield
    finally:
        ctx.guest.run(END)


def some(ctx: Context, nic: Nic, count: int) -> list[bytes]:
    """Frames; fewer on the debug kernel, which is many times slower."""
    return frames(nic, count // 5 if ctx.kver == "debug" else count)


def echoes(ctx: Context, nic: Nic, sent: list[bytes]) -> None:
    expect_all(exchanged(ctx, nic, nic, sent), sent, "AF_XDP")


def quiet(ctx: Context, interface: str) -> None:
    """Nothing was mended, and nothing dropped."""
    expect_equal("restarts", restarts(ctx, interface), 0)
    expect_equal("dropped", counter(ctx, interface, "rx", "drops"), 0)


@case("AF_XDP without a copy: all comes back, and the stack has its share", virtnet_only=True)
def zero_copy(ctx: Context) -> None:
    interface = ctx.guest.interface(ctx.nic)
    with echoing(ctx, f"{interface} 0", "zero copy"):
        before = counter(ctx, interface, "rx", "xdp_redirects")
        sent = some(ctx, ctx.nic, 400)
        echoes(ctx, ctx.nic, sent)
        expect(counter(ctx, interface, "rx", "xdp_redirects") >= before + len(sent),
               "not redirected")
        traffic.ping_guest(ctx.guest, ctx.nic, traffic.FEW_SIZES)
        traffic.tcp_echo(ctx.guest, ctx.nic, 1 << 16)
        echoes(ctx, ctx.nic, some(ctx, ctx.nic, 80))
    checked_data(ctx, ctx.nic, 1500)
    quiet(ctx, interface)


@case("AF_XDP with a copy: the same", virtnet_only=True)
def copy(ctx: Context) -> None:
    interface = ctx.guest.interface(ctx.nic)
    with echoing(ctx, f"-c {interface} 0", "copy"):
        echoes(ctx, ctx.nic, some(ctx, ctx.nic, 200))
    checked_data(ctx, ctx.nic, 1500)


@case("AF_XDP without a copy: a socket on each queue", virtnet_only=True)
def queues(ctx: Context) -> None:
    nic = next((nic for nic in ctx.guest.nics if nic.pairs > 1), None)
    if not nic:
        raise Skip("no NIC with two queues here")
    interface = ctx.guest.interface(nic)
    with echoing(ctx, f"{interface} 0 1", "zero copy"):
        expect("queue 1: zero copy\n" in ctx.guest.sh(f"cat {LOG}"), "not without a copy")
        echoes(ctx, nic, some(ctx, nic, 80))
        ctx.reachable(nic)
        answer = ctx.guest.run(f"ethtool -L {interface} combined 1")
        expect(answer.code, "the channel of a socket was taken away")
    checked_data(ctx, nic, 1500)


@case("AF_XDP busy polling", virtnet_only=True)
def busy(ctx: Context) -> None:
    interface = ctx.guest.interface(ctx.nic)
    with echoing(ctx, f"-b {interface} 0", "zero copy"):
        echoes(ctx, ctx.nic, some(ctx, ctx.nic, 80))


@case("AF_XDP without a copy: packets of several buffers", virtnet_only=True)
def several(ctx: Context) -> None:
    if ctx.kver == "6.1" or ctx.nic.mode != "mergeable":
        raise Skip("this kernel, or this device, knows only one buffer")
    nic = next(nic for nic in ctx.guest.nics if nic.host_mtu == 9000)
    rng = random.Random("several")
    head = bytes.fromhex(nic.mac.replace(":", "")) + HOST_MAC + struct.pack("!H", ETHERTYPE)
    sizes = LARGE * (4 if ctx.kver == "debug" else 20)
    sent = [head + rng.randbytes(size - 14) for size in sizes]
    for frame in (2048, 4096):
        with echoing(ctx, f"-m -f {frame} {ctx.guest.interface(nic)} 0", "zero copy"):
            echoes(ctx, nic, sent)
    checked_data(ctx, nic, 9000)


@case("AF_XDP sockets come and go under traffic", virtnet_only=True)
def cycles(ctx: Context) -> None:
    interface = ctx.guest.interface(ctx.nic)
    with traffic.flooded(ctx.guest, ctx.nic) as flood:
        for _ in range(3):
            with echoing(ctx, f"{interface} 0", "zero copy"):
                ctx.reachable(ctx.nic)
                echoes(ctx, ctx.nic, some(ctx, ctx.nic, 40))
            ctx.reachable(ctx.nic)
    expect(flood.answered > flood.sent // 2, f"{flood.answered} of {flood.sent} were answered")
    checked_data(ctx, ctx.nic, 1500)
    expect_equal("restarts", restarts(ctx, interface), 0)


@case("an AF_XDP socket outlives reset, resize, down and up", virtnet_only=True)
def outlives(ctx: Context) -> None:
    interface = ctx.guest.interface(ctx.nic)
    with echoing(ctx, f"{interface} 0", "zero copy"):
        for what in (f"ethtool --reset {interface} all", f"ethtool -G {interface} rx 128",
                     f"ethtool -G {interface} rx 256"):
            ctx.guest.sh(what)
            ctx.reachable(ctx.nic)
            echoes(ctx, ctx.nic, some(ctx, ctx.nic, 40))
    checked_data(ctx, ctx.nic, 1500)


CASES = (zero_copy, copy, queues, busy, several, cycles, outlives)
