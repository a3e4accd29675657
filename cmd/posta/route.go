package main

import (
	"cmp"
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/config"
	"posta/words"
)

func (a *app) routeCommand() *cobra.Command {
	list := a.command("list", "help.route_list", func(ctx context.Context, _ []string) error {
		var all []admin.Route
		if err := a.ask(ctx, "route.list", admin.None{}, &all); err != nil {
			return err
		}
		return printAll(a, all, lister(a, all, []string{"field.domain", "field.hosts", "field.tls", "field.user"}, func(r admin.Route) []string {
			return []string{r.Domain, cmp.Or(strings.Join(r.Hosts, ", "), "MX"), strings.Join(append([]string{r.TLS}, r.CA...), ", "), r.User}
		}))
	})
	list.Example = "posta route list"
	show := a.command("show", "help.route_show", func(ctx context.Context, args []string) error {
		return a.routeCall(ctx, "route.show", admin.RouteName{Domain: args[0]})
	})
	show.Example = "posta route show grupo2.net"
	remove := a.command("remove", "help.route_remove", func(ctx context.Context, args []string) error {
		if err := a.ask(ctx, "route.remove", admin.RouteName{Domain: args[0]}, nil); err != nil {
			return err
		}
		return a.done("done.route_removed", words.Args{"Domain": args[0]})
	})
	remove.Example = "posta route remove grupo2.net"
	test := a.command("test", "help.route_test", func(ctx context.Context, args []string) error {
		var t admin.RouteTest
		if err := a.ask(ctx, "route.test", admin.ByAddress{Address: args[0]}, &t); err != nil {
			return err
		}
		if err := a.print(t, func(w io.Writer) error { return a.routeTest(w, &t, args[0]) }); err != nil {
			return err
		}
		if !t.Here && (t.Refused || t.Why != "" || t.LabOnly && t.Lab != "") {
			return failedAsShown{}
		}
		return nil
	})
	test.Long = a.say("help.route_test_long", nil)
	test.Example = "posta route test bob@grupo2.net"
	group := a.group("route", "help.route",
		a.routeChangeCommand("add", "help.route_add", "posta route add grupo2.net 192.168.50.110\n"+
			"posta route add '*' isp.test:587 --tls required --user ana --password-file -"),
		list,
		a.namingRoutes(show),
		a.namingRoutes(a.routeChangeCommand("set", "help.route_set", "posta route set grupo2.net 192.168.50.110:2525 192.168.50.111\nposta route set grupo2.net --tls none --ip 4\nposta route set grupo2.net --tls required --ca ca.pem")),
		a.taking(test, 1, 1, "help.word_address"),
		a.namingRoutes(remove))
	group.Long = a.say("help.route_long", nil)
	return group
}

// namingRoutes names the one argument that a command takes, unless it has
// arguments, and completes it.
func (a *app) namingRoutes(c *cobra.Command) *cobra.Command {
	if c.Name() != "set" {
		a.taking(c, 1, 1, "help.word_domain")
	}
	c.ValidArgsFunction = func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.names(c.Context(), "route.list", begun), cobra.ShellCompDirectiveNoFileComp
	}
	return c
}

// routeChangeCommand is add or set: they take the same flags.
func (a *app) routeChangeCommand(verb, help, example string) *cobra.Command {
	var tls, ca, user, source, ip string
	var p *passwordFlags
	var c *cobra.Command
	c = a.command(verb, help, func(ctx context.Context, args []string) error {
		in := admin.RouteChange{Domain: args[0], TLS: changed(c, "tls", &tls), User: changed(c, "user", &user),
			Source: changed(c, "source", &source), IP: changed(c, "ip", &ip)}
		if hosts := args[1:]; len(hosts) > 0 || verb == "add" {
			in.Hosts = &hosts
		}
		if tls != "" {
			if err := oneOf("--tls", tls, routeTLS()...); err != nil {
				return usage(err)
			}
		}
		if in.CA = changed(c, "ca", &ca); in.CA != nil {
			text, err := believedFile(ca)
			if err != nil {
				return err
			}
			in.CA = &text
		}
		p.prompt = p.prompt || verb == "add" && user != "" && p.file == ""
		var err error
		if in.Password, _, err = a.password(ctx, p, cmp.Or(user, args[0])); err != nil {
			return err
		}
		return a.routeCall(ctx, "route."+verb, in)
	})
	flags := c.Flags()
	flags.StringVar(&tls, "tls", "", a.say("help.flag_route_tls", nil))
	choices(c, "tls", routeTLS()...)
	flags.StringVar(&ca, "ca", "", a.say("help.flag_ca", nil))
	flags.StringVar(&user, "user", "", a.say("help.flag_route_user", nil))
	flags.StringVar(&source, "source", "", a.say("help.flag_route_source", nil))
	flags.StringVar(&ip, "ip", "", a.say("help.flag_route_ip", nil))
	choices(c, "ip", "both", "4", "6")
	p = &passwordFlags{}
	flags.BoolVar(&p.prompt, "password", false, a.say("help.flag_password", nil))
	a.passwordFileFlag(c, &p.file)
	c.Example = example
	if verb == "set" {
		clearing(c, "ca", "user", "source")
	}
	return a.taking(c, 1, -1, "help.word_domain", "help.word_host")
}

func routeTLS() []string { return []string{"opportunistic", "required", "implicit", "none"} }

// routeCall runs an operation that answers with a route, and shows it.
func (a *app) routeCall(ctx context.Context, operation string, in any) error {
	var r admin.Route
	if err := a.ask(ctx, operation, in, &r); err != nil {
		return err
	}
	facts := a.facts(fact{"field.domain", r.Domain}, fact{"field.hosts", cmp.Or(strings.Join(r.Hosts, ", "), "MX")}, fact{"field.tls", a.routeWay(r.TLS)},
		fact{"field.ca", strings.Join(r.CA, ", ")}, fact{"field.user", r.User}, fact{"field.source", r.Source}, fact{"field.ip", a.routeWay(r.IP)}, fact{"field.created", when(r.Created)})
	return a.print(r, func(w io.Writer) error {
		err := facts(w)
		warn := func(id string, args words.Args) {
			a.warn(w, a.say(id, args))
		}
		if r.Local {
			warn("route.of_local", words.Args{"Domain": r.Domain})
		}
		if r.Instead != "" {
			warn("route.instead", words.Args{"Domain": r.Domain, "Host": r.Instead})
		}
		for _, host := range r.OutOfLab {
			if len(r.Hosts) == 0 {
				warn("route.mx_of_lab", nil)
				continue
			}
			warn("route.out_of_lab", words.Args{"Host": host})
		}
		if r.NoSource {
			warn("route.no_source", words.Args{"Source": r.Source})
		}
		for _, host := range r.Unsourced {
			warn("route.unsourced", words.Args{"Source": r.Source, "Host": host})
		}
		if r.User != "" && r.TLS == "none" {
			warn("route.clear_login", words.Args{"User": r.User})
		}
		return err
	})
}

// routeWay is a value of --tls or --ip beside what it means; those that say it
// themselves stay alone.
func (a *app) routeWay(value string) string {
	known := map[string]string{"opportunistic": "route.means_opportunistic", "required": "route.means_required",
		"implicit": "route.means_implicit", "none": "route.means_none", "both": "route.means_both"}
	if id := known[value]; id != "" {
		return value + " (" + a.say(id, nil) + ")"
	}
	return value
}

// routeTest says in words which way mail would take.
func (a *app) routeTest(w io.Writer, t *admin.RouteTest, address string) error {
	var b strings.Builder
	say := func(id string, args words.Args) { wrap(&b, "", a.say(id, args)) }
	args := words.Args{"Domain": t.Domain, "Route": t.Route, "Why": ownText(a.words, t.Why), "Status": t.Status, "Site": printable(t.Site)}
	switch {
	case t.Refused:
		say("route.off", args)
		_, err := io.WriteString(w, b.String())
		return err
	case t.Local && t.Route == "":
		say("route.local", args)
		_, err := io.WriteString(w, b.String())
		return err
	case t.Here:
		say("route.here", words.Args{"Address": printable(address)})
		_, err := io.WriteString(w, b.String())
		return err
	case t.Site != "":
		say("route.kept", args)
		say(etrnOnWay(t.Route), args)
	case t.Local && t.Relay:
		say("route.fallback", args)
	case t.Local:
		say("route.own_fallback", args)
	case t.Relay:
		say("route.relay", args)
	case t.Route == t.Domain:
		say("route.own", args)
	case t.Route != "":
		say("route.via", args)
	default:
		say("route.mx", args)
	}
	if len(t.Targets) > 0 {
		if err := a.routeTargets(&b, t); err != nil {
			return err
		}
		for _, one := range t.Targets {
			if one.Own {
				say("route.to_itself", words.Args{"Address": one.Address})
			}
		}
		say(tlsOnWay(t.TLS), args)
	}
	if t.User != "" {
		say("route.login", words.Args{"User": printable(t.User)})
	}
	switch {
	case t.Why != "" && t.Final:
		say("route.final", args)
	case t.Why != "":
		say("route.later", args)
	}
	if t.Lab != "" {
		say("route.lab", words.Args{"Why": ownText(a.words, t.Lab)})
	}
	if t.Mode == config.OutgoingHold {
		say("route.hold", args)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (a *app) routeTargets(b *strings.Builder, t *admin.RouteTest) error {
	columns := a.table(b)
	for _, one := range t.Targets {
		pref := ""
		if t.Route == "" {
			pref = strconv.Itoa(int(one.Preference))
		}
		columns.row("  "+pref, printable(one.Host), one.Address)
	}
	return columns.end()
}

// etrnOnWay is the id of what ETRN does for a site: only a route leads to it.
func etrnOnWay(route string) string {
	if route == "" {
		return "route.no_etrn"
	}
	return "route.etrn"
}

// tlsOnWay is the id of what TLS is on a way.
func tlsOnWay(policy string) string {
	switch policy {
	case "required":
		return "route.tls_required"
	case "implicit":
		return "route.tls_implicit"
	case "none":
		return "route.tls_none"
	}
	return "route.tls_opportunistic"
}
