package sign

import (
	"net/netip"
	"testing"
)

func TestJudge(t *testing.T) {
	site := Site{Host: "mx.pepito.es", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")}}
	record := func(kind, value string) Record { return Record{Name: "pepito.es", Type: kind, Value: value} }
	mx, spf := record("MX", "10 mx.pepito.es."), record("TXT", "v=spf1 mx -all")
	rsa, ed := record("TXT", "v=DKIM1; k=rsa; p=AAAA"), record("TXT", "v=DKIM1; k=ed25519; p=BBBB")
	dmarc := record("TXT", "v=DMARC1; p=none; rua=mailto:postmaster@pepito.es")
	addr, ptr := record("AAAA", "2001:db8::7"), record("PTR", "mx.pepito.es.")
	srv := record("SRV", "0 1 465 mx.pepito.es.")
	for _, tt := range []struct {
		r      Record
		values []string
		want   Found
		why    string
	}{
		{mx, nil, Missing, ""},
		{mx, []string{"10 mx.pepito.es."}, Right, ""},
		{mx, []string{"7 MX.Pepito.es.", "20 backup.example."}, Right, ""},
		{mx, []string{"10 other.example.", "10 mx.pepito.es."}, Right, ""},
		{mx, []string{"5 other.example.", "10 mx.pepito.es."}, Different, "sign.mx_other"},
		{mx, []string{"0 ."}, Different, "sign.mx_null"},
		{addr, []string{"2001:db8::8", "2001:db8::7"}, Right, ""},
		{addr, []string{"2001:db8::8"}, Different, ""},
		{ptr, []string{"MX.pepito.es."}, Right, ""},
		{ptr, []string{"7.pool.example."}, Different, ""},
		{srv, []string{"10 5 465 mx.pepito.es."}, Right, ""},
		{srv, []string{"0 1 587 mx.pepito.es."}, Different, ""},
		{srv, []string{"0 0 0 ."}, Different, ""},
		{rsa, []string{"v=DKIM1; k=rsa; p=AA AA"}, Right, ""},
		{rsa, []string{"p=AAAA"}, Right, ""},
		{rsa, []string{"v=DKIM1; k=ed25519; p=AAAA"}, Different, "sign.dkim_other"},
		{rsa, []string{"v=DKIM1; p=AAAB"}, Different, "sign.dkim_other"},
		{rsa, []string{"v=DKIM1; p="}, Different, "sign.dkim_revoked"},
		{rsa, []string{"hello"}, Different, "sign.dkim_none"},
		{rsa, []string{"p=AAAA", "p=AAAA"}, Different, "sign.dkim_several"},
		{ed, []string{"v=DKIM1;k=ed25519;p=BBBB"}, Right, ""},
		{ed, []string{"v=DKIM1; p=BBBB"}, Different, "sign.dkim_other"},
		{dmarc, nil, Missing, ""},
		{dmarc, []string{"v=DMARC1; p=reject"}, Right, ""},
		{dmarc, []string{"other", "v = DMARC1 ;p = Quarantine"}, Right, ""},
		{dmarc, []string{"v=DMARC1; p=strict"}, Different, "sign.dmarc_policy"},
		{dmarc, []string{"v=DMARC1"}, Different, "sign.dmarc_policy"},
		{dmarc, []string{"v=spf1 mx"}, Different, "sign.dmarc_none"},
		{dmarc, []string{"v=DMARC1; p=none", "v=DMARC1; p=none"}, Different, "sign.dmarc_several"},
		{spf, []string{"something else", "v=spf10 mx"}, Missing, ""},
		{spf, []string{"something else", "V=SPF1 mx ~all"}, Right, ""},
		{spf, []string{"v=spf1 include:x.example +mx -all"}, Right, ""},
		{spf, []string{"v=spf1 a:mx.pepito.es"}, Right, ""},
		{spf, []string{"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::7 -all"}, Right, ""},
		{spf, []string{"v=spf1 ip4:192.0.2.7 -all"}, Different, "sign.spf_not_named"},
		{spf, []string{"v=spf1 ip4:192.0.2.7 -ip6:2001:db8::7 ?all"}, Different, "sign.spf_not_named"},
		{spf, []string{"v=spf1 -mx ?all"}, Different, "sign.spf_not_named"},
		{spf, []string{"v=spf1"}, Different, "sign.spf_not_named"},
		{spf, []string{"v=spf1 include:x.example -all"}, Different, "sign.spf_includes"},
		{spf, []string{"v=spf1 redirect=x.example"}, Different, "sign.spf_includes"},
		{spf, []string{"v=spf1 +all mx"}, Different, "sign.spf_everybody"},
		{spf, []string{"v=spf1 mx -all", "v=spf1 a -all"}, Different, "sign.spf_several"},
	} {
		found, why := site.Judge(&tt.r, tt.values)
		id := ""
		if why != nil {
			id = why.ID
		}
		if found != tt.want || id != tt.why {
			t.Errorf("%s %q with %q: %s %q, want %s %q", tt.r.Type, tt.r.Value, tt.values, found, id, tt.want, tt.why)
		}
	}
}
