package admin

// naming is a request that names what it is about. None of its names may be
// empty: further down "" stands for everything.
type naming interface {
	named() []string
}

func (in ByAddress) named() []string     { return []string{in.Address} }
func (in ByName) named() []string        { return []string{in.Name} }
func (in AccountName) named() []string   { return []string{in.Address} }
func (in AccountChange) named() []string { return []string{in.Address} }
func (in Grant) named() []string         { return []string{in.Address, in.Account} }
func (in Alias) named() []string         { return append([]string{in.Address}, in.Targets...) }
func (in ListChange) named() []string    { return []string{in.Address} }
func (in DomainName) named() []string    { return []string{in.Name} }
func (in DomainChange) named() []string  { return []string{in.Name} }
func (in Recipients) named() []string    { return []string{in.Domain} }
func (in RecipientsOf) named() []string  { return []string{in.Domain} }
func (in RouteName) named() []string     { return []string{in.Domain} }
func (in RouteChange) named() []string   { return []string{in.Domain} }
func (in SiteChange) named() []string    { return []string{in.Name} }
func (in NamedQueue) named() []string    { return append([]string{in.Name}, in.Domains...) }
func (in QueueID) named() []string       { return []string{in.Name} }
func (in QueuePick) named() []string     { return in.Queue }
func (in DNSWish) named() []string       { return []string{in.Name} }
