package nic

import "golang.org/x/net/bpf"

// What the filter looks for in headers.
const (
	etherTag   = 0x8100 // IEEE 802.1Q
	etherQinQ  = 0x88a8 // IEEE 802.1ad
	etherPPPoE = 0x8864 // RFC 2516
	tcp        = 6
	fragment   = 44      // IPv6's header of one
	whole      = 1 << 18 // octets that are kept of a packet: all
)

// program is the kernel's filter for packets of TCP with one of the ports, and
// for later fragments of such, which have none. ether says that packets begin
// with a header of Ethernet; otherwise with that of IP.
func program(ports []uint16, ether bool) ([]bpf.RawInstruction, error) {
	if !ether {
		return bpf.Assemble(inIP(0, ports))
	}
	plain, tagged, deep := inIP(14, ports), inIP(18, ports), inIP(22, ports)
	toTagged, toDeep := uint32(len(plain)), uint32(len(plain)+len(tagged))
	// Jumps count from behind themselves; what follows is as long as it says.
	dispatch := []bpf.Instruction{
		bpf.LoadAbsolute{Off: 12, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: etherPPPoE, SkipTrue: 1},
		bpf.Jump{Skip: 7 + toDeep},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: etherQinQ, SkipTrue: 1},
		bpf.Jump{Skip: 5 + toDeep},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: etherTag, SkipTrue: 4},
		bpf.LoadAbsolute{Off: 16, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: etherTag, SkipTrue: 1},
		bpf.Jump{Skip: 1 + toDeep},
		bpf.Jump{Skip: toTagged},
	}
	for _, block := range [][]bpf.Instruction{plain, tagged, deep} {
		dispatch = append(dispatch, block...)
	}
	return bpf.Assemble(dispatch)
}

// inIP is the filter for an IP packet at base. It ends in an answer.
func inIP(base uint32, ports []uint16) []bpf.Instruction {
	var a assembler
	a.add(bpf.LoadAbsolute{Off: base, Size: 1}, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xf0})
	a.jump(bpf.JumpEqual, 0x60, "six")
	a.jump(bpf.JumpNotEqual, 0x40, "no")
	a.add(bpf.LoadAbsolute{Off: base + 9, Size: 1})
	a.jump(bpf.JumpNotEqual, tcp, "no")
	a.add(bpf.LoadAbsolute{Off: base + 6, Size: 2})
	a.jump(bpf.JumpBitsSet, 0x1fff, "yes") // the first fragment was not asked either where it has no port
	a.add(bpf.LoadMemShift{Off: base})
	a.ports(ports, bpf.LoadIndirect{Off: base, Size: 2}, bpf.LoadIndirect{Off: base + 2, Size: 2})
	a.label("six")
	a.add(bpf.LoadAbsolute{Off: base + 6, Size: 1})
	a.jump(bpf.JumpEqual, fragment, "piece")
	a.jump(bpf.JumpNotEqual, tcp, "no")
	a.ports(ports, bpf.LoadAbsolute{Off: base + 40, Size: 2}, bpf.LoadAbsolute{Off: base + 42, Size: 2})
	a.label("piece")
	a.add(bpf.LoadAbsolute{Off: base + 40, Size: 1})
	a.jump(bpf.JumpNotEqual, tcp, "no")
	a.add(bpf.LoadAbsolute{Off: base + 42, Size: 2})
	a.jump(bpf.JumpBitsSet, 0xfff8, "yes")
	a.ports(ports, bpf.LoadAbsolute{Off: base + 48, Size: 2}, bpf.LoadAbsolute{Off: base + 50, Size: 2})
	a.label("no")
	a.add(bpf.RetConstant{})
	a.label("yes")
	a.add(bpf.RetConstant{Val: whole})
	return a.finish()
}

// assembler writes instructions with jumps ahead to labels.
type assembler struct {
	all    []bpf.Instruction
	labels map[string]int
	jumps  map[int]string
}

func (a *assembler) add(more ...bpf.Instruction) { a.all = append(a.all, more...) }

func (a *assembler) label(name string) {
	if a.labels == nil {
		a.labels = map[string]int{}
	}
	a.labels[name] = len(a.all)
}

// jump goes to a label where the condition holds.
func (a *assembler) jump(c bpf.JumpTest, val uint32, label string) {
	if a.jumps == nil {
		a.jumps = map[int]string{}
	}
	a.jumps[len(a.all)] = label
	a.add(bpf.JumpIf{Cond: c, Val: val})
}

// ports answers yes where one of what is loaded is among them, and no otherwise.
func (a *assembler) ports(ports []uint16, loads ...bpf.Instruction) {
	for _, load := range loads {
		a.add(load)
		for _, port := range ports {
			a.jump(bpf.JumpEqual, uint32(port), "yes")
		}
	}
	a.add(bpf.RetConstant{})
}

func (a *assembler) finish() []bpf.Instruction {
	for at, label := range a.jumps {
		jump := a.all[at].(bpf.JumpIf)
		jump.SkipTrue = uint8(a.labels[label] - at - 1)
		a.all[at] = jump
	}
	return a.all
}
