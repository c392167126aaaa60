package collect

import "context"

var nvidia = Collector{
	Name:    "nvidia",
	About:   "not written yet",
	Collect: func(context.Context, *Task) {},
}
