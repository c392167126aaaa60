package manpage

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

func program() *cobra.Command {
	run := func(*cobra.Command, []string) {}
	root := &cobra.Command{
		Use: "bee", Short: "Make honey", Run: run,
		Long:    "bee makes honey.\n.hidden files stay, \\backslashes too.\n\n'Twas once:\n  indented  as is\n  and more\n\nThe end.",
		Example: "  bee --help",
	}
	dance := &cobra.Command{Use: "dance [WHERE]", Short: "Tell the way", Long: "Größe × 2", Example: "  bee dance --far", Run: run}
	dance.Flags().StringP("who", "w", "all", "`BEE` that dances")
	dance.Flags().Bool("far", false, "far away")
	dance.Flags().String("secret", "", "no one knows")
	_ = dance.Flags().MarkHidden("secret")
	root.AddCommand(dance, &cobra.Command{Use: "sleep", Hidden: true, Run: run})
	return root
}

func TestWrite(t *testing.T) {
	const want = `.TH "BEE" "8" "2026-01-02" "bee 1.0"
.SH "NAME"
bee \- Make honey
.SH "SYNOPSIS"
\fBbee\fR
.br
\fBbee dance\fR \fI[WHERE]\fR \fI[flags]\fR
.SH "DESCRIPTION"
bee makes honey.
\&.hidden files stay, \ebackslashes too.
.PP
\(aqTwas once:
.PP
.EX
  indented  as is
  and more
.EE
.PP
The end.
.SH "COMMANDS"
.SS "dance"
Tell the way.
.PP
Gr\[u00F6]\[u00DF]e \[u00D7] 2
.TP
\fB\-\-far\fR
far away
.TP
\fB\-w\fR, \fB\-\-who\fR \fIBEE\fR
BEE that dances (default all)
.PP
Examples:
.PP
.EX
  bee dance \-\-far
.EE
.SH "FILES"
none
.SH "EXAMPLES"
.EX
  bee \-\-help
.EE
`
	var b strings.Builder
	if err := Write(&b, program(), "1.0", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Section{"Files", "none"}); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("got:\n%s", b.String())
	}
	b.Reset()
	if err := Write(&b, program(), "1.0", time.Time{}); err != nil || !strings.HasPrefix(b.String(), `.TH "BEE" "8" "" "bee 1.0"`) {
		t.Errorf("without a date: %s, error %v", b.String(), err)
	}
	if groff, err := exec.LookPath("groff"); err == nil {
		cmd := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z")
		cmd.Stdin = strings.NewReader(want)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("groff: %v\n%s", err, out)
		}
	}
}
