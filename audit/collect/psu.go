package collect

import "context"

var psu = Collector{
	Name:    "psu",
	About:   "not written yet",
	Collect: func(context.Context, *Task) {},
}
