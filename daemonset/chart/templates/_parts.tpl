{{/*
Which parts a release has. Each gives "true" or an empty text, and refuses what cannot work.
*/}}

{{/* "true" where the API server knows ValidatingAdmissionPolicy in v1, or where the value says so; else empty. */}}
{{- define "agent.admissionPolicies" -}}
{{- if kindIs "bool" .Values.admissionPolicies.enabled -}}
{{- if .Values.admissionPolicies.enabled -}}true{{- end -}}
{{- else if semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version -}}
true
{{- end -}}
{{- end }}

{{/* "true" where the coordinator serves metrics; else empty. */}}
{{- define "coordinator.metrics" -}}
{{- if .Values.metrics.enabled -}}
{{- if not .Values.coordinator.enabled -}}
{{- fail "metrics.enabled needs coordinator.enabled: the coordinator serves the metrics." -}}
{{- end -}}
true
{{- end -}}
{{- end }}

{{/* "true" where they are served over TLS, and only to accounts that may get them; else empty. */}}
{{- define "coordinator.metricsAuth" -}}
{{- if .Values.metrics.auth.enabled -}}
{{- if not .Values.metrics.enabled -}}
{{- fail "metrics.auth.enabled needs metrics.enabled: without it nothing is served." -}}
{{- end -}}
{{- include "coordinator.metrics" . -}}
{{- end -}}
{{- end }}

{{/* "true" where new pods get the selector of nodes that allow their sysctls; else empty. */}}
{{- define "pods.scheduling" -}}
{{- if .Values.scheduling.enabled -}}
{{- $version := .Capabilities.KubeVersion.Version -}}
{{- if not (semverCompare ">=1.36.0-0" $version) -}}
{{- fail (printf "scheduling.enabled needs Kubernetes 1.36 or later, got %s, which has no MutatingAdmissionPolicy in v1. Set scheduling.enabled to false; where no cluster was asked, name its version with --kube-version." $version) -}}
{{- end -}}
{{- if not .Values.coordinator.enabled -}}
{{- fail "scheduling.enabled needs coordinator.enabled: the coordinator keeps the lists that the policy reads." -}}
{{- end -}}
true
{{- end -}}
{{- end }}

{{/* "true" where kubectl warns of sysctls that no list has; else empty. */}}
{{- define "pods.warnings" -}}
{{- if .Values.warnings.enabled -}}
{{- if not (include "agent.admissionPolicies" .) -}}
{{- fail (printf "warnings.enabled needs admission policies: Kubernetes 1.30 or later, got %s, and admissionPolicies.enabled not false." .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- if not .Values.coordinator.enabled -}}
{{- fail "warnings.enabled needs coordinator.enabled: the coordinator keeps the lists that the policy reads." -}}
{{- end -}}
true
{{- end -}}
{{- end }}
