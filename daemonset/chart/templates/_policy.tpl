{{/*
The keys of the ConfigMap, from the value `policy`; the agents read texts. A number of the values is a float, which would print
as 1e+06.
*/}}
{{- define "agent.policy" -}}
{{- $texts := dict -}}
{{- range $key, $value := .Values.policy -}}
{{- if kindIs "string" $value -}}
{{- $_ := set $texts $key $value -}}
{{- else if eq $key "profiles" -}}
{{- $_ := set $texts $key (toYaml $value) -}}
{{- else if kindIs "slice" $value -}}
{{- $_ := set $texts $key (join "\n" $value) -}}
{{- else if kindIs "bool" $value -}}
{{- $_ := set $texts $key (toString $value) -}}
{{- else -}}
{{- $_ := set $texts $key ($value | int64 | toString) -}}
{{- end -}}
{{- end -}}
{{- if $texts -}}{{- toYaml $texts -}}{{- end -}}
{{- end }}
