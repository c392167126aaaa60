package image

import (
	"net/http"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Registry serves the store's content by digest: the pulling half of the OCI
// distribution API without tags, which pinned images do not need. Repository
// names are not looked at, as a digest says all.
//
// A library would bring pushing, listing and a second copy of every blob.
func Registry(store Store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/{$}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v2/{name}/manifests/{digest}", store.serve(v1.MediaTypeImageManifest))
	mux.HandleFunc("GET /v2/{name}/blobs/{digest}", store.serve("application/octet-stream"))
	return mux
}

func (s Store) serve(mediaType string) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		id, err := digest.Parse(request.PathValue("digest"))
		if err != nil {
			http.Error(response, "images are served by digest only", http.StatusNotFound)
			return
		}
		response.Header().Set("Content-Type", mediaType)
		response.Header().Set("Docker-Content-Digest", id.String())
		http.ServeFile(response, request, s.path(id))
	}
}
