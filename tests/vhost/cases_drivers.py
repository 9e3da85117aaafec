# SPDX-License-Identifier: GPL-2.0
"""Two drivers at native speed on packed rings, who sleep until they are interrupted."""

import ctypes
import subprocess

import frontend as vu
from cases import case
from device import PLAIN, PROGRAM, ROOT, Device
from frontend import Memory, bits
from rings import Queue, make_queue

FRAMES = 400000
ENTRIES = 256
BUFFERS = (2048, 16384)         # of a receive and of a transmit queue


class Setup(ctypes.Structure):
    """What driver.c is told of a queue."""

    _fields_ = [("memory", ctypes.c_void_p), ("guest", ctypes.c_uint64),
                ("desc", ctypes.c_uint64), ("driver", ctypes.c_uint64),
                ("device", ctypes.c_uint64), ("buffers", ctypes.c_uint64),
                ("size", ctypes.c_uint32), ("kick", ctypes.c_int), ("call", ctypes.c_int)]


def library() -> ctypes.CDLL:
    source = ROOT / "tests" / "vhost" / "driver.c"
    target = ROOT / "build" / "test" / "vhost-driver.so"
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                    "-o", str(target), str(source), "-pthread"], check=True)
    found = ctypes.CDLL(str(target))
    found.drivers.restype = ctypes.c_char_p
    found.drivers.argtypes = [ctypes.POINTER(Setup), ctypes.c_uint64, ctypes.c_uint32]
    return found


def setup(queue: Queue, base: int, size: int) -> Setup:
    memory = queue.memory
    return Setup(base, memory.GPA, queue.desc, queue.avail, queue.used,
                 memory.alloc(size * ENTRIES, 4096), size, queue.kick_event.fd,
                 queue.call_event.fd)


def drivers(seed: int, program) -> None:
    lib = library()
    with Device("--backend", "l2", sockets=2, program=program) as device:
        setups = []
        for index in range(2):
            front = device.connect(index, Memory(32 << 20))
            front.negotiate(bits(vu.VERSION_1, vu.PACKED, vu.EVENT_IDX, vu.MRG_RXBUF))
            view = (ctypes.c_char * 0).from_buffer(front.memory.map)
            base = ctypes.addressof(view)
            del view                    # or the memory cannot be unmapped
            for kind, size in enumerate(BUFFERS):
                queue = make_queue(front, kind, ENTRIES)
                queue.start()
                setups.append(setup(queue, base, size))
        trouble = lib.drivers((Setup * 4)(*setups), FRAMES, seed)
        assert not trouble, f"{trouble.decode()}; seed {seed}"
    counted = [device.stats["devices"][i]["queues"][1 - i]["packets"] for i in range(2)]
    assert counted == [FRAMES, FRAMES], counted


for _seed in range(1, 5):
    case(f"rings: packed, two drivers that sleep and wake each other, seed {_seed}", _seed,
         PROGRAM if _seed == 4 else PLAIN)(drivers)
