{{/*
The names of this release. The equality with daemonset/ (release kubelet-sysctl-agent) is tested.
The pods' labels, the ConfigMaps and the Lease have the same names in every release: the agents, the coordinator and
kubectl sysctls find them by these.
*/}}

{{- define "agent.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace -}}
{{- end }}

{{/* The agent's objects and its ServiceAccount. */}}
{{- define "agent.name" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What the names of the other objects begin with. */}}
{{- define "common.name" -}}
{{- include "agent.name" . | trimSuffix "-agent" -}}
{{- end }}

{{/* The coordinator's objects and its ServiceAccount. */}}
{{- define "coordinator.name" -}}
{{- printf "%s-coordinator" (include "common.name" .) -}}
{{- end }}

{{/* The account that may read the metrics, its token and its rights. */}}
{{- define "metrics.name" -}}
{{- printf "%s-metrics" (include "common.name" .) -}}
{{- end }}

{{/* Labels of every object. Never of a selector or a pod: a selector cannot change, and a pod would restart for a new chart. */}}
{{- define "agent.labels" -}}
{{- $own := dict
  "app.kubernetes.io/name" "kubelet-sysctl-agent"
  "app.kubernetes.io/instance" .Release.Name
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
-}}
{{- toYaml (merge $own .Values.commonLabels) -}}
{{- end }}

{{/* The image; a digest takes precedence over a tag. */}}
{{- define "agent.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
{{- end }}
