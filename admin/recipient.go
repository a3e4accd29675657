package admin

import "context"

// Recipients are those whom a relay or on-demand domain is known to have.
type Recipients struct {
	Domain string   `json:"domain"`
	Add    []string `json:"add,omitempty"` // names or addresses
	Remove []string `json:"remove,omitempty"`
}

// RecipientsOf gives them.
type RecipientsOf struct {
	Domain string `json:"domain"`
	After  string `json:"after,omitempty"` // those behind this address
	Limit  int    `json:"limit,omitempty"` // 0: all
}

// Recipient is one of them.
type Recipient struct {
	Address string `json:"address"`
}

// RecipientsChanged says how many came and went, and who could not go.
type RecipientsChanged struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`

	Absent []string `json:"absent,omitempty"` // addresses to be removed that were not there
}

// recipientPage is how many are read at a time.
const recipientPage = 1000

func (h House) knownRecipients() []Operation {
	return []Operation{
		op("domain.recipients", false, h.listRecipients),
		op("domain.recipients.set", true, func(ctx context.Context, in Recipients) (out RecipientsChanged, err error) {
			if len(in.Add) > 0 {
				if out.Added, err = h.Directory.AddRecipients(ctx, in.Domain, in.Add); err != nil {
					return out, err
				}
			}
			if len(in.Remove) > 0 {
				out.Removed, out.Absent, err = h.Directory.RemoveRecipients(ctx, in.Domain, in.Remove)
			}
			return out, err
		}),
	}
}

func (h House) listRecipients(ctx context.Context, in RecipientsOf) ([]Recipient, error) {
	out := []Recipient{}
	for {
		page := recipientPage
		if in.Limit > 0 {
			page = min(page, in.Limit-len(out))
		}
		all, err := h.Directory.Recipients(ctx, in.Domain, in.After, page)
		if err != nil {
			return nil, err
		}
		for _, address := range all {
			out = append(out, Recipient{address})
		}
		if len(all) < page || len(out) == in.Limit {
			return out, nil
		}
		in.After = all[len(all)-1]
	}
}
