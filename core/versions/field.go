package versions

import "reflect"

// field is one pin of a Versions value: where it is kept and what kind it is.
type field struct {
	kind  string
	value *string
}

// fields maps each key of VERSIONS to its field in v.
func (v *Versions) fields() map[string]field {
	fields := map[string]field{}
	s := reflect.ValueOf(v).Elem()
	for i := range s.NumField() {
		tag := s.Type().Field(i).Tag
		fields[tag.Get("key")] = field{
			kind:  tag.Get("kind"),
			value: s.Field(i).Addr().Interface().(*string),
		}
	}
	return fields
}
