export { type Outcome, recordOf, type RequestRecord } from './record.ts'
export { readReports, recordOfReport } from './usage-reports.ts'
export { ReportIntake } from './report-intake.ts'
