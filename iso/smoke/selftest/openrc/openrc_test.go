package openrc

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func sample(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestBefore(t *testing.T) {
	good := sample(t, "deptree")
	for name, c := range map[string]struct{ tree, want string }{
		"good":               {good, "localmount bee-sshsetup"},
		"needs a network":    {good + "depinfo_8_ineed_1='net'\n", "localmount bee-sshsetup net"},
		"setup after DHCP":   {good + "depinfo_6_iafter_0='bee-network'\n", "localmount bee-sshsetup bee-network"},
		"a loop":             {good + "depinfo_6_iuse_0='dropbear'\n", "localmount bee-sshsetup"},
		"no such service":    {strings.ReplaceAll(good, "'dropbear'", "'sshd'"), ""},
		"name with a dash _": {good + "depinfo_8_iwant_0='a_b-c.d'\n", "localmount bee-sshsetup a_b-c.d"},
		"empty":              {"", ""},
		"twice":              {good + good, "localmount bee-sshsetup"},
		"to the end":         {good + "depinfo_6_ineed_1='udev'\ndepinfo_11_ineed_0='cgroups'\n", "localmount bee-sshsetup udev cgroups sysfs mountkernfs"},
	} {
		t.Run(name, func(t *testing.T) {
			tree, err := ParseDeptree(c.tree)
			if got := strings.Join(tree.Before("dropbear"), " "); err != nil || got != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestParseDeptreeRefuses(t *testing.T) {
	for _, line := range []string{"x", "depinfo_8_service=dropbear", "depinfo_x_service='a'", "depinfo_8_ineed='a'", "depinfo_8='a'"} {
		if _, err := ParseDeptree("depinfo_0_service='a'\n" + line + "\n"); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func FuzzParseDeptree(f *testing.F) {
	f.Add(sample(f, "deptree"), "dropbear")
	f.Add("depinfo_1_service='a'\ndepinfo_1_ineed_0='a'\ndepinfo_1_iuse_0='b'\ndepinfo_2_service='b'\ndepinfo_2_iafter_0='a'\n", "a")
	f.Add("depinfo_1_service=''\ndepinfo_1_ineed_0=''\n", "")
	f.Fuzz(func(t *testing.T, text, service string) {
		tree, err := ParseDeptree(text)
		if err != nil {
			return
		}
		before := tree.Before(service)
		if slices.Contains(before, service) {
			t.Errorf("%q waits for itself", service)
		}
		slices.Sort(before)
		if len(slices.Compact(slices.Clone(before))) != len(before) {
			t.Errorf("%q: a service is there twice: %q", service, before)
		}
	})
}

func TestBootLog(t *testing.T) {
	log := ParseBootLog(sample(t, "boot.log") + "\n1.00 half\nmore words than that\n")
	lease, dropbear := Event{"bee-network", "lease"}, Event{"dropbear", "start"}
	if !log.Has(lease) || log.Has(Event{"dropbear", "failed"}) || log.Has(Event{"half", ""}) {
		t.Errorf("log is %v", log)
	}
	for want, events := range map[string][2]Event{
		"": {lease, dropbear},
		"bee-network lease comes before dropbear start": {dropbear, lease},
		"/run/bee/boot.log has no 'dropbear failed'":    {lease, {"dropbear", "failed"}},
		"/run/bee/boot.log has no 'sshd start'":         {{"sshd", "start"}, lease},
	} {
		if got := log.Disorder(events[0], events[1]); got != want {
			t.Errorf("%v: got %q, want %q", events, got, want)
		}
	}
}

func FuzzParseBootLog(f *testing.F) {
	f.Add(sample(f, "boot.log"))
	f.Add("a b\n\n1 2 3 4\n")
	f.Fuzz(func(t *testing.T, text string) {
		log := ParseBootLog(text)
		for _, e := range log {
			if !log.Has(e) || e.Service == "" || e.Name == "" {
				t.Errorf("%q", e)
			}
		}
	})
}
