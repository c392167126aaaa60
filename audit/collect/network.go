package collect

import "context"

var network = Collector{
	Name:    "network",
	About:   "not written yet",
	Collect: func(context.Context, *Task) {},
}
