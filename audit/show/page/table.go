package page

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// table is a table whose first column says what a row is about.
type table struct {
	Caption string
	// Folded tables are shown to who asks for them.
	Folded bool
	// Head is nil where the rows speak for themselves.
	Head []cell
	Rows [][]cell
}

// Class is the table's class in the style sheet: wide where it has more columns
// than a sheet of paper takes, list where it has no head.
func (t table) Class() string {
	switch {
	case t.Head == nil:
		return "list"
	case len(t.Head) > manyColumns+1:
		return "wide"
	}
	return ""
}

// cell is a value in a table.
type cell struct {
	Text string
	// Note is seen when a mouse rests on the cell: the exact value, or what was
	// found.
	Note string
	// Found is the severity of what was found about it.
	Found string
	Level level
	// Number says that the text is a number, to be aligned as such.
	Number bool
	// Bar is the width of a bar in front of the text, in pixels; 0 for none.
	Bar float64
}

// Class is the cell's class in the style sheet.
func (c cell) Class() string {
	class := string(c.Level)
	if c.Number {
		class += " number"
	}
	return strings.TrimSpace(class)
}

// Few things with many properties are shown side by side, a column each.
const manyColumns, fewThings = 8, 8

// tabulate makes a table of every field of things, so that a field added to the
// report is on the page, too. thing is what the things are, name names one, and
// hide are the fields that are elsewhere: in the name, or in a table of their
// own. sizes words sizes in bytes.
func tabulate[T any](caption, thing string, things []T, sizes func(uint64) string, name func(T) cell, hide ...string) table {
	t := table{Caption: caption, Head: []cell{{Text: thing}}}
	fields := fieldsOf(reflect.TypeFor[T](), nil, "")
	fields = slices.DeleteFunc(fields, func(f field) bool { return slices.Contains(hide, f.name) })
	for _, x := range things {
		t.Rows = append(t.Rows, []cell{name(x)})
	}
	for _, f := range fields {
		column := make([]cell, len(things))
		head := cell{}
		for i, x := range things {
			column[i] = f.cell(reflect.ValueOf(x), sizes)
			if column[i].Text != "" {
				head = cell{Text: f.title(), Number: column[i].Number}
			}
		}
		// A column that holds nothing is left out.
		if head.Text != "" {
			t.Head = append(t.Head, head)
			for i, c := range column {
				t.Rows[i] = append(t.Rows[i], c)
			}
		}
	}
	if len(t.Head) > manyColumns && len(t.Rows) <= fewThings {
		return t.turned()
	}
	return t
}

// turned returns the table with its columns as rows.
func (t table) turned() table {
	turned := table{Caption: t.Caption, Folded: t.Folded, Head: t.Head[:1:1]}
	for _, row := range t.Rows {
		turned.Head = append(turned.Head, row[0])
	}
	for i, head := range t.Head {
		if i == 0 {
			continue
		}
		row := []cell{head}
		for _, of := range t.Rows {
			row = append(row, of[i])
		}
		// The values in a column are no more of one kind.
		for j := range row {
			row[j].Number = false
		}
		turned.Rows = append(turned.Rows, row)
	}
	return turned
}

// field is a field of a struct, maybe in a struct inside it.
type field struct {
	// JSON names on the way to it, joined by underscores.
	name  string
	index []int
	// Whether zero is no value.
	omitempty bool
	// Whether the values are words joined by underscores.
	enum bool
}

// fieldsOf lists the fields of a struct and of the structs inside it.
func fieldsOf(t reflect.Type, index []int, prefix string) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		name = prefix + name
		at := append(slices.Clone(index), i)
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case f.Anonymous:
			fields = append(fields, fieldsOf(inner, at, prefix)...)
		case inner.Kind() == reflect.Struct && inner != reflect.TypeFor[time.Time]():
			fields = append(fields, fieldsOf(inner, at, name+"_")...)
		default:
			fields = append(fields, field{name, at, strings.Contains(options, "omit"), strings.Contains(f.Tag.Get("jsonschema"), "enum=")})
		}
	}
	return fields
}

// cell shows the field's value.
func (f field) cell(of reflect.Value, sizes func(uint64) string) cell {
	v, err := of.FieldByIndexErr(f.index)
	if err != nil || f.omitempty && v.IsZero() {
		return cell{}
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return cell{}
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Uint64:
		if strings.HasSuffix(f.name, "_bytes") {
			return size(v.Uint(), sizes)
		}
		return cell{Text: strconv.FormatUint(v.Uint(), 10), Number: true}
	case reflect.Int64, reflect.Int:
		return cell{Text: strconv.FormatInt(v.Int(), 10), Number: true}
	case reflect.Float64:
		return cell{Text: decimal(v.Float()), Number: true}
	case reflect.Bool:
		if v.Bool() {
			return cell{Text: "yes"}
		}
		return cell{Text: "no"}
	case reflect.Slice:
		var items, notes []string
		for i := range v.Len() {
			c := item(v.Index(i), sizes)
			items, notes = append(items, c.Text), append(notes, c.Note)
		}
		c := f.text(strings.Join(items, ", "))
		c.Note = strings.Join(present(notes...), ", ")
		return c
	}
	if at, ok := v.Interface().(time.Time); ok {
		return cell{Text: utc(at)}
	}
	return f.text(fmt.Sprint(v))
}

// item shows one of a list: of a struct, its fields in a row.
func item(v reflect.Value, sizes func(uint64) string) cell {
	switch v.Kind() {
	case reflect.Struct:
	case reflect.Float64:
		return cell{Text: decimal(v.Float())}
	default:
		return cell{Text: fmt.Sprint(v)}
	}
	var texts, notes []string
	for _, f := range fieldsOf(v.Type(), nil, "") {
		c := f.cell(v, sizes)
		texts, notes = append(texts, c.Text), append(notes, c.Note)
	}
	return cell{Text: strings.Join(present(texts...), " "), Note: strings.Join(present(notes...), " ")}
}

func (f field) text(s string) cell {
	if f.enum {
		s = strings.ReplaceAll(s, "_", " ")
	}
	return cell{Text: s}
}

// title makes a column's title of the field's name: "Power draw, W" of
// power_draw_watts.
func (f field) title() string {
	words := strings.Split(f.name, "_")
	unit, known := units[words[len(words)-1]]
	if known && len(words) > 1 {
		words = words[:len(words)-1]
	}
	for i, w := range words {
		if written, ok := spellings[w]; ok {
			words[i] = written
		} else if i == 0 && w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	title := strings.Join(words, " ")
	if known && unit != "" {
		title += ", " + unit
	}
	return title
}

// units are the last words of field names, and how units are written. Sizes in
// bytes are written with their unit.
var units = map[string]string{
	"bytes": "", "celsius": "°C", "watts": "W", "milliwatts": "mW", "volts": "V", "percent": "%",
	"mhz": "MHz", "mts": "MT/s", "gts": "GT/s", "gbs": "GB/s", "mbps": "Mb/s", "rpm": "RPM",
	"hours": "h", "minutes": "min", "seconds": "s", "bits": "bits", "lanes": "lanes", "units": "units",
}

// spellings are words of field names that are written in a way of their own.
var spellings = map[string]string{
	"ata": "ATA", "bar1": "BAR1", "bios": "BIOS", "bmc": "BMC", "cuda": "CUDA", "ecc": "ECC", "crc": "CRC", "fec": "FEC", "fru": "FRU", "gpu": "GPU", "guid": "GUID", "gsp": "GSP",
	"hctl": "HCTL", "id": "ID", "ip": "IP", "ipmi": "IPMI", "inforom": "InfoROM", "iommu": "IOMMU", "mac": "MAC", "mig": "MIG", "mtu": "MTU", "numa": "NUMA",
	"nqn": "NQN", "nvme": "NVMe", "pci": "PCI", "pcie": "PCIe", "pid": "PID", "psu": "PSU", "raid": "RAID", "rom": "ROM", "rx": "RX",
	"dram": "DRAM", "hw": "HW", "scsi": "SCSI", "sku": "SKU", "sm": "SM", "smart": "SMART", "smartctl": "smartctl", "sram": "SRAM", "sw": "SW", "tpc": "TPC", "tpms": "TPMs", "tx": "TX", "xid": "Xid",
	"uuid": "UUID", "vbios": "VBIOS", "vlan": "VLAN", "wwn": "WWN",
}

// size shows a size in bytes. A small one is that of a block or a packet, which
// people know to the byte.
func size(n uint64, sizes func(uint64) string) cell {
	exact := strconv.FormatUint(n, 10)
	if n < 1<<16 {
		return cell{Text: exact + " B", Number: true}
	}
	return cell{Text: sizes(n), Note: exact + " bytes", Number: true}
}

// decimal prints a number with at most three decimals.
func decimal(f float64) string {
	return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(f, 'f', 3, 64), "0"), ".")
}
