# SPDX-License-Identifier: GPL-2.0
"""The driver's side of virtqueues, split and packed, over the test memory."""

import struct

from frontend import (EVENT_IDX, GET_VRING_BASE, PACKED, SET_VRING_ADDR, SET_VRING_BASE,
                      SET_VRING_CALL, SET_VRING_ENABLE, SET_VRING_ERR, SET_VRING_KICK,
                      SET_VRING_NUM, Event, FrontEnd, until)

NEXT, WRITE, INDIRECT_F = 1, 2, 4
AVAIL_F, USED_F = 1 << 7, 1 << 15


class Queue:
    """What both formats share: events, set-up messages, buffers of chains."""

    def __init__(self, front: FrontEnd, index: int, size: int):
        self.front, self.memory, self.index, self.size = front, front.memory, index, size
        self.kick_event, self.call_event, self.err_event = Event(), Event(), Event()
        self.chains: dict[int, list[tuple[int, int, bool]]] = {}
        self.desc, self.avail, self.used = self._allocate()
        front.queues.append(self)

    def _allocate(self) -> tuple[int, int, int]:
        raise NotImplementedError

    def first_base(self) -> int:
        raise NotImplementedError

    def start(self, base: int | None = None, enable: bool = True, log: int | None = None,
              inband: bool = False) -> None:
        front, uva = self.front, self.memory.UVA
        state = struct.Struct("<II")
        front.must(SET_VRING_NUM, state.pack(self.index, self.size))
        front.must(SET_VRING_BASE, state.pack(self.index,
                                              self.first_base() if base is None else base))
        front.must(SET_VRING_ADDR, struct.pack(
            "<IIQQQQ", self.index, 1 if log is not None else 0, uva + self.desc,
            uva + self.used, uva + self.avail, log or 0))
        number = struct.pack("<Q", self.index | (0x100 if inband else 0))
        for request, event in ((SET_VRING_CALL, self.call_event), (SET_VRING_ERR, self.err_event),
                               (SET_VRING_KICK, self.kick_event)):
            front.must(request, number, () if inband else (event.fd,))
        if enable:
            self.enable(True)

    def enable(self, on: bool) -> None:
        self.front.must(SET_VRING_ENABLE, struct.pack("<II", self.index, int(on)))

    def stop(self) -> int:
        return struct.unpack("<II", self.front.ask(
            GET_VRING_BASE, struct.pack("<II", self.index, 0)))[1]

    def kick(self) -> None:
        self.kick_event.signal()

    def added(self) -> int:
        """How many ring entries were made available so far."""
        raise NotImplementedError

    def kick_wanted(self, before: int) -> bool:
        """Does the device ask for a kick, for what was added since added() was @before?"""
        raise NotImplementedError

    def kick_if_wanted(self, before: int) -> None:
        if self.kick_wanted(before):
            self.kick()

    def place(self, parts: list[bytes | int]) -> list[tuple[int, int, bool]]:
        """Memory for a chain: bytes are for the device to read, numbers to write."""
        chain = []
        for part in parts:
            size = part if isinstance(part, int) else len(part)
            at = self.memory.alloc(size, 1)
            if not isinstance(part, int):
                self.memory.write(at, part)
            chain.append((at, size, isinstance(part, int)))
        return chain

    def add(self, parts: list[bytes | int], indirect: bool = False) -> int:
        return self.add_chain(self.place(parts), indirect)

    def add_chain(self, chain: list[tuple[int, int, bool]], indirect: bool = False) -> int:
        raise NotImplementedError

    def ready(self) -> bool:
        """Is there a used buffer to get?"""
        raise NotImplementedError

    def get(self) -> tuple[int, int] | None:
        """The next used buffer: its id and length."""
        raise NotImplementedError

    def expect_next(self) -> None:
        """Event index: ask for an interrupt at the next used buffer."""
        raise NotImplementedError

    def wait_used(self, seconds: float = 10) -> tuple[int, int]:
        got: list[tuple[int, int]] = []

        def one() -> bool:
            used = self.get()
            if used:
                got.append(used)
            return bool(used)
        until(f"a used buffer on queue {self.index}", one, seconds)
        return got[0]

    def written(self, ident: int, length: int) -> bytes:
        """What the device wrote into a chain that came back."""
        data = b"".join(self.memory.read(at, size)
                        for at, size, write in self.chains.pop(ident) if write)
        assert length <= len(data), f"used length {length} of {len(data)}"
        return data[:length]

    def close(self) -> None:
        for event in (self.kick_event, self.call_event, self.err_event):
            event.close()
        if self in self.front.queues:
            self.front.queues.remove(self)


class SplitQueue(Queue):
    def _allocate(self) -> tuple[int, int, int]:
        memory = self.memory
        self.free = list(range(self.size))
        self.slots: dict[int, list[int]] = {}
        self.avail_idx = self.used_idx = 0
        return (memory.alloc(16 * self.size, 4096), memory.alloc(6 + 2 * self.size, 4096),
                memory.alloc(6 + 8 * self.size, 4096))

    def first_base(self) -> int:
        return 0

    def put_desc(self, slot: int, at: int, size: int, flags: int, following: int = 0) -> None:
        self.memory.write(self.desc + 16 * slot,
                          struct.pack("<QIHH", self.memory.GPA + at, size, flags, following))

    def publish(self, head: int) -> None:
        memory = self.memory
        memory.put16(self.avail + 4 + 2 * (self.avail_idx % self.size), head)
        self.avail_idx = (self.avail_idx + 1) & 0xFFFF
        memory.put16(self.avail + 2, self.avail_idx)

    def add_chain(self, chain, indirect=False):
        head = self.free.pop(0)
        self.chains[head] = chain
        if indirect:
            table = b"".join(struct.pack(
                "<QIHH", self.memory.GPA + at, size,
                (WRITE if write else 0) | (NEXT if i + 1 < len(chain) else 0), i + 1)
                for i, (at, size, write) in enumerate(chain))
            where = self.memory.alloc(len(table), 16)
            self.memory.write(where, table)
            self.put_desc(head, where, len(table), INDIRECT_F)
            self.slots[head] = [head]
        else:
            slots = [head] + [self.free.pop(0) for _ in chain[1:]]
            for i, (at, size, write) in enumerate(chain):
                last = i + 1 == len(chain)
                self.put_desc(slots[i], at, size, (WRITE if write else 0) | (0 if last else NEXT),
                              0 if last else slots[i + 1])
            self.slots[head] = slots
        self.publish(head)
        return head

    def ready(self):
        return self.memory.u16(self.used + 2) != self.used_idx

    def expect_next(self):
        self.suppress(self.used_idx)

    def get(self):
        if not self.ready():
            return None
        ident, length = struct.unpack(
            "<II", self.memory.read(self.used + 4 + 8 * (self.used_idx % self.size), 8))
        self.used_idx = (self.used_idx + 1) & 0xFFFF
        self.free += self.slots.pop(ident, [])
        return ident, length

    def added(self):
        return self.avail_idx

    def kick_wanted(self, before):
        if not self.front.features & 1 << EVENT_IDX:
            return not self.memory.u16(self.used) & 1
        event = self.memory.u16(self.used + 4 + 8 * self.size)
        return (self.avail_idx - event - 1) & 0xFFFF < (self.avail_idx - before) & 0xFFFF

    def suppress(self, event: int | None) -> None:
        """No interrupts, or (event index) only past entry @event."""
        if self.front.features & 1 << EVENT_IDX:
            self.memory.put16(self.avail + 4 + 2 * self.size, event or 0)
        else:
            self.memory.put16(self.avail, 1 if event is None else 0)


class PackedQueue(Queue):
    def _allocate(self) -> tuple[int, int, int]:
        memory = self.memory
        self.free = list(range(self.size))
        self.at = self.used_at = 0
        self.wrap = self.used_wrap = True
        self.slots: dict[int, int] = {}
        self.entries = 0
        return (memory.alloc(16 * self.size, 4096), memory.alloc(4, 4096), memory.alloc(4, 4096))

    def added(self):
        return self.entries

    def kick_wanted(self, before):
        where, flags = struct.unpack("<HH", self.memory.read(self.used, 4))
        if flags != 2:
            return flags == 0
        behind = (self.at - (where & 0x7FFF)) + (
            0 if bool(where >> 15) == self.wrap else self.size)
        return 0 < behind <= self.entries - before

    def first_base(self) -> int:
        return 0x80008000

    def add_chain(self, chain, indirect=False):
        ident = self.free.pop(0)
        self.chains[ident] = chain
        if indirect:
            table = b"".join(struct.pack("<QIHH", self.memory.GPA + at, size, 0,
                                         WRITE if write else 0) for at, size, write in chain)
            where = self.memory.alloc(len(table), 16)
            self.memory.write(where, table)
            chain = [(where, len(table), None)]
        head, head_flags = self.at, 0
        for i, (at, size, write) in enumerate(chain):
            flags = INDIRECT_F if write is None else WRITE if write else 0
            flags |= NEXT if i + 1 < len(chain) else 0
            flags |= AVAIL_F if self.wrap else USED_F
            where = self.desc + 16 * self.at
            if i == 0:
                head_flags = flags
                flags ^= AVAIL_F | USED_F       # not yet
            self.memory.write(where, struct.pack("<QIHH", self.memory.GPA + at, size, ident,
                                                 flags))
            self._advance()
        self.memory.put16(self.desc + 16 * head + 14, head_flags)
        self.slots[ident] = len(chain)
        return ident

    def _advance(self) -> None:
        self.entries += 1
        self.at += 1
        if self.at == self.size:
            self.at, self.wrap = 0, not self.wrap

    def ready(self):
        flags = self.memory.u16(self.desc + 16 * self.used_at + 14)
        return bool(flags & USED_F) == bool(flags & AVAIL_F) == self.used_wrap

    def expect_next(self):
        self.memory.put16(self.avail, self.used_at | self.used_wrap << 15)
        self.memory.put16(self.avail + 2, 2)

    def get(self):
        if not self.ready():
            return None
        _, length, ident, _ = struct.unpack(
            "<QIHH", self.memory.read(self.desc + 16 * self.used_at, 16))
        self.used_at += self.slots.pop(ident)
        if self.used_at >= self.size:
            self.used_at -= self.size
            self.used_wrap = not self.used_wrap
        self.free.append(ident)
        return ident, length


def make_queue(front: FrontEnd, index: int, size: int = 256) -> Queue:
    return (PackedQueue if front.features & 1 << PACKED else SplitQueue)(front, index, size)
