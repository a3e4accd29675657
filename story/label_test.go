package story

import (
	"reflect"
	"testing"
	"time"
)

func TestLabels(t *testing.T) {
	at := func(seconds int) Moment { return Moment{Time: time.Unix(int64(seconds), 0)} }
	for name, one := range map[string]struct {
		sessions []*Session
		want     []Label
	}{
		"of the list":           {[]*Session{{Number: 7, Stream: 0}, {Number: 9, Stream: 1}}, []Label{{"7", false}, {"9", false}}},
		"of a capture":          {[]*Session{{Stream: 0}, {Stream: 3}}, []Label{{"0", true}, {"3", true}}},
		"of both":               {[]*Session{{Stream: 4}, {Number: 4, Stream: 0}}, []Label{{"4", true}, {"4", false}}},
		"of two captures":       {[]*Session{{Stream: 0, Began: at(2)}, {Stream: 0, Began: at(1)}}, []Label{{"2", false}, {"1", false}}},
		"that nobody numbered":  {[]*Session{{Stream: -1}, {Stream: -1}}, []Label{{"1", false}, {"2", false}}},
		"of which there is one": {[]*Session{{Number: 12, Stream: -1}}, []Label{{"12", false}}},
	} {
		if got := Labels(one.sessions); !reflect.DeepEqual(got, one.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
