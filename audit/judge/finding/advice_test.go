package finding

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// invasive is advice that costs a running machine, or a part, if the finding is false.
var invasive = regexp.MustCompile(`(?i)\b(power (it|the machine) off|power cycle|reseat|replace|pull|unplug|put it in again)\b`)

// conditional is advice that asks for more evidence first, or for time.
var conditional = regexp.MustCompile(`(?i)\b(if|unless|plan to|watch whether)\b`)

// rests says of each rule with invasive advice what it rests on, and what comes of the
// advice if the finding is false. What does not rest on a part's own word has to ask for
// more evidence in the same breath.
var rests = map[string]struct {
	ownWord bool
	on      string
	ifFalse string
}{

	"drive-failing":          {true, "the drive's verdict on itself", "a good drive is replaced, after its data was saved"},
	"drive-critical-warning": {true, "the drive's warnings", "a good drive is replaced, after its data was saved"},
	"drive-prefail":          {true, "the drive's attributes", "a good drive is replaced, after its data was saved"},
	"drive-spare-low":        {true, "the drive's count of spare blocks", "a good drive is replaced, after its data was saved"},
	"drive-worn":             {true, "the drive's count of its life", "a drive is replaced too early"},
	"drive-dead":             {false, "the kernel's word", "the machine is restarted, and the drive is back"},
	"drive-silent":           {false, "smartctl, which failed", "the drive answers when it is asked again, and the kernel's log has nothing"},
	"drive-no-capacity":      {false, "the kernel's word", "the kernel's log has nothing of the drive, and it stays"},
	"drive-self-test-failed": {false, "the drive's log", "the next self-test goes well, and the drive stays"},
	"drive-media-errors":     {false, "the drive's count", "the number stays the same, and so does the drive"},
	"drive-bad-sectors":      {false, "the drive's count", "the number stays the same, and so does the drive"},

	"member-failed":  {false, "the controller's word", "the log says that the drive lost its link, and it stays"},
	"member-failing": {false, "the drive's prediction, as its controller counts it", "a good drive is replaced, after its data was saved, in an array that is otherwise well"},
	"member-bad":     {false, "the controller's word", "the self-test goes well, and the drive stays"},
	"raid-backup":    {false, "the controller's word", "its log says nothing of the battery, and it stays"},

	"pcie-not-answering": {false, "lspci, which reads ones", "no log names the device, and the machine stays on"},
	"pcie-link-degraded": {false, "sysfs", "the slot or the firmware's setup explains it, and the card stays"},

	"memory-errors": {false, "the memory controllers' counts, or the kernel's log", "the errors do not follow the module, and it stays"},
	"pcie-errors":   {false, "the kernel's counts, or its log", "the errors do not go on, and the card stays"},

	"psu-failed": {false, "the BMC, or SMBIOS", "the lamp says that the supply is well, and it stays"},

	"gpu-missing":         {false, "nvidia-smi, which says that the GPU is lost", "the kernel's log has no Xid 79, and the machine stays on"},
	"gpu-unreadable":      {false, "nvidia-smi, which could not read values", "the kernel's log has no Xid, and the GPU stays"},
	"gpu-recovery":        {false, "the driver's word", "the GPU is reset, and it does not happen again"},
	"gpu-memory-worn-out": {false, "the GPU's counts", "nvidia-smi does not say so after a restart, and the GPU stays"},
	"gpu-ecc-errors":      {false, "the GPU's counts", "a test finds no more errors, and the GPU stays"},
	"gpu-spare-rows-low":  {false, "the GPU's counts", "a replacement is planned too early"},
	"gpu-link-narrow":     {false, "nvidia-smi", "the slot or the firmware's setup explains it, and the GPU stays"},
	"gpu-link-slow":       {false, "nvidia-smi", "the link is fast while the GPU works, and the GPU stays"},
	"gpu-inforom-damaged": {false, "nvidia-smi", "the vendor says that the firmware is well, and the GPU stays"},
	"gpu-mixed-memory":    {false, "nvidia-smi", "a mode explains it, and the GPU stays"},
	"gpu-nvlink-errors":   {false, "the GPU's counts", "there are no more under load, and bridge and module stay"},
	"gpu-nvlink-down":     {false, "nvidia-smi", "the links are up after a reset, and bridge and module stay"},
	"gpu-fabric":          {false, "nvidia-smi", "no log blames a link or a switch, and the machine stays on"},

	"audit-hung": {false, "a tool that was killed", "the kernel's log names no device, and the machine stays on"},
}

func TestAdviceDoesNoHarm(t *testing.T) {
	seen := map[string]bool{}
	for rule, texts := range textsOfRules(t) {
		for _, text := range texts {
			for _, clause := range regexp.MustCompile(`[.;] ?`).Split(text, -1) {
				if !invasive.MatchString(clause) {
					continue
				}
				seen[rule] = true
				why, known := rests[rule]
				switch {
				case !known || why.on == "" || why.ifFalse == "":
					t.Errorf("%s advises %q: say in rests what it rests on, and what comes of it if the finding is false", rule, clause)
				case !why.ownWord && !conditional.MatchString(clause):
					t.Errorf("%s advises %q on the word of %s alone: let it ask for more evidence first", rule, clause, why.on)
				}
			}
		}
	}
	for rule := range rests {
		if !seen[rule] {
			t.Errorf("%s has no invasive advice any more: take it out of rests", rule)
		}
	}
}

// textsOfRules returns all texts in the source of each rule, with those of the functions,
// variables and constants of this package that it uses.
func textsOfRules(t *testing.T) map[string][]string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]ast.Node{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				declared[d.Name.Name] = d.Body
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok {
						for _, name := range v.Names {
							declared[name.Name] = v
						}
					}
				}
			}
		}
	}
	texts, list := map[string][]string{}, declared["rules"]
	// What applies the rules is no part of one; its names are those of variables, too.
	delete(declared, "rules")
	delete(declared, "all")
	ast.Inspect(list, func(n ast.Node) bool {
		if entry, ok := n.(*ast.CompositeLit); ok && len(entry.Elts) == 3 {
			texts[text(entry.Elts[0])] = reach(declared, entry.Elts[2], map[string]bool{})
		}
		return true
	})
	if len(texts) != len(rules) {
		t.Fatalf("the source has %d rules, the package %d", len(texts), len(rules))
	}
	return texts
}

// reach returns the texts below a node, and below all that it names, each name once.
func reach(declared map[string]ast.Node, from ast.Node, seen map[string]bool) []string {
	var texts []string
	ast.Inspect(from, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if to := declared[n.Name]; to != nil && !seen[n.Name] {
				seen[n.Name] = true
				texts = append(texts, reach(declared, to, seen)...)
			}
		case ast.Expr:
			if s := text(n); s != "" {
				texts = append(texts, s)
				return false
			}
		}
		return true
	})
	return texts
}

// text returns what a literal holds, or literals that are joined, "" for anything else.
func text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value)
		return s
	case *ast.BinaryExpr:
		if a, b := text(e.X), text(e.Y); a != "" && b != "" {
			return a + b
		}
	}
	return ""
}
