package story

import (
	"slices"
	"strconv"
)

// Label is what one of several sessions is called.
type Label struct {
	Number string
	Stream bool // it is the number of a capture's stream, not of a session
}

// Labels tell sessions apart: by their numbers in the server's list and in their
// capture, as tcp.stream counts. Where two would be called the same, as of two
// captures, all are counted from 1 in the order in which they began.
func Labels(all []*Session) []Label {
	labels, seen := make([]Label, len(all)), map[Label]bool{}
	for i, s := range all {
		l := Label{Number: strconv.FormatUint(s.Number, 10)}
		if s.Number == 0 && s.Stream >= 0 {
			l = Label{strconv.FormatInt(s.Stream, 10), true}
		}
		if labels[i] = l; seen[l] || s.Number == 0 && s.Stream < 0 {
			return counted(all)
		}
		seen[l] = true
	}
	return labels
}

func counted(all []*Session) []Label {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return all[i].Began.Time.Compare(all[j].Began.Time) })
	labels := make([]Label, len(all))
	for place, i := range order {
		labels[i].Number = strconv.Itoa(place + 1)
	}
	return labels
}
